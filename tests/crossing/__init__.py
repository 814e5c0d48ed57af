"""Tests of what may pass between processes."""
