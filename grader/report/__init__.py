"""How results are shown to students, teachers and CI; nothing is decided here."""
