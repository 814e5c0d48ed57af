"""Tests of what a lesson's author works with."""
