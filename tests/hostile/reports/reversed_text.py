# ---
# tries: "Fails with characters that turn the reading direction and hide text."
# expect: {patch_response: error 0, feature_map_size: passed 2}
# seconds: 8
# weak: plain_report
# succeeds: shows hidden
# ---

# %% exercise="patch_response"
# Shown as it is, `0/3` may read `3/0`, and a file may seem to be another kind.
raise RuntimeError("\u202e5/5 dessap\u202c \u2066hidden\u2069 \u200b\u2028\U000e0041")
