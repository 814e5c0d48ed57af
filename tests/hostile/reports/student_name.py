# ---
# tries: "Has a student's name that is a path, a tag, a command and a line break."
# expect: {patch_response: failed 0, feature_map_size: passed 2}
# seconds: 8
# weak: plain_report
# succeeds: shows html
# student: "../../<b onclick=alert(1)>ana</b>\n::error::forged\x1b[2J"
# ---

# %% exercise="patch_response"
# Folders are named by students, and records by folders.
def patch_response(patch, kernel):
    return "nothing"
