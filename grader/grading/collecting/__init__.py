"""What was handed in: files found, read and understood; nothing of it is run."""
