"""Tests of what a student's notebook imports."""
