"""Marks on their way out: sheets that platforms exported are filled, other files are written.

`filling.filled` fills a sheet; `canvas`, `moodle`, `blackboard` and `brightspace` say what is where
in theirs. `nbgrader`, `as_json` and `workbook` need no sheet. `handing_back` makes the archives of
feedback pages that platforms take back.
"""
