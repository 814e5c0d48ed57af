# ---
# tries: "Has a student's name that a spreadsheet takes for a formula."
# expect: {patch_response: failed 0, feature_map_size: passed 2}
# seconds: 8
# weak: plain_report
# succeeds: shows formula
# student: "=HYPERLINK(\"http://evil.example\",\"marks\")"
# ---

# %% exercise="patch_response"
# A gradebook is opened with a spreadsheet. Answers are formulas too.
def patch_response(patch, kernel):
    return "=cmd|' /C calc'!A0"
