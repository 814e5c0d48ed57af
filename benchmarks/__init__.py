"""What grading costs: run each module with `python -m benchmarks.NAME`."""
