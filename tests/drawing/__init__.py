"""Tests of what lessons draw."""
