"""Tests of one submission, many submissions, and the processes that grade them."""
