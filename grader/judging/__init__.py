"""What an exercise asks, and how an answer to it is judged and explained."""
