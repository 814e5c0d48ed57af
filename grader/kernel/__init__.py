"""The student's side: what a kernel is started with, and what answers questions inside it."""
