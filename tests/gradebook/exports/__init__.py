"""Tests of what leaves the gradebook."""
