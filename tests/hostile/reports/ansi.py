# ---
# tries: "Fails with a text that moves a terminal's cursor, renames its window and hides the next lines."
# expect: {patch_response: error 0, feature_map_size: passed 2}
# seconds: 8
# weak: plain_report
# succeeds: shows ansi
# ---

# %% exercise="patch_response"
# A terminal obeys what is printed: this goes up a line and writes another score over the real one.
raise RuntimeError("x\x1b[1A\x1b[2Kana  passed  5/5\x1b]0;owned\x07\x9b8m\x1b[?25l")
