# ---
# tries: "Prints 48 MiB."
# expect: {patch_response: output_limit 0, feature_map_size: passed 2}
# seconds: 20
# weak: no_limits
# succeeds: "says printed 48 MiB"
# ---

# %% exercise="patch_response"
# Who keeps a notebook's outputs keeps all of this, once for each submission.
line = "x" * 1023
for _ in range(48 * 1024):
    print(line)
raise RuntimeError("printed 48 MiB")
