"""Everything of the grader that exists beside student code; a sandbox mounts it as one folder."""
