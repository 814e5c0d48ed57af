"""What a lesson's author works with: its source, its notebook, and the proof that it is fair."""
