# ---
# tries: "Fails with characters that no XML document may hold."
# expect: {patch_response: error 0, feature_map_size: passed 2}
# seconds: 8
# weak: plain_report
# succeeds: shows xml
# ---

# %% exercise="patch_response"
# One of them in a JUnit file, and nobody in the class has results.
raise RuntimeError("a\x00b\x01c\x08d\x0be\x1ff\ufffe\uffff]]>&bad;<!--")
