"""Tests of `grader.gradebook`, on SQLite and on a PostgreSQL server that they start."""
