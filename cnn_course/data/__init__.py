"""The data that this course draws: notebooks may import it, its checks draw anew from it."""
