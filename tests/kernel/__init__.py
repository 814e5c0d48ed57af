"""Tests of the host's side of a kernel, and of the sandbox."""
