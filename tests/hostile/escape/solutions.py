# ---
# tries: "Reads the lesson's solutions."
# expect: {patch_response: error 0, feature_map_size: passed 2}
# seconds: 8
# weak: no_isolation
# succeeds: "says === solution"
# ---

# %% exercise="patch_response"
text = open(PLANTED["solutions"]).read()
raise RuntimeError("=== solution: " + text[text.index("def patch_response") :][:300])
