"""What services run: packs of the grader, the course and a template of the service's own."""
