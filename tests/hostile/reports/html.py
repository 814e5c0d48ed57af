# ---
# tries: "Fails with a text that is a script to a browser."
# expect: {patch_response: error 0, feature_map_size: passed 2}
# seconds: 8
# weak: plain_report
# succeeds: shows html
# ---

# %% exercise="patch_response"
# The teacher's browser opens the report, logged in to whatever the teacher is logged in to.
raise RuntimeError(
    "<script>alert(1)</script><img src=x onerror=alert(1)><style>*{display:none}</style>"
)
