"""Tests of what an exercise asks, and of how answers are judged and explained."""
