# ---
# tries: "Takes memory in small pieces, up to 640 MiB."
# expect: {patch_response: memory 0, feature_map_size: passed 2}
# seconds: 20
# weak: no_limits
# succeeds: "says held 640 MiB"
# ---

# %% exercise="patch_response"
# No single request looks like much.
pieces = []
for _ in range(160):
    pieces.append(bytearray(b"x" * 2**22))
raise RuntimeError(f"held {sum(map(len, pieces)) // 2**20} MiB")
