# ---
# tries: "Opens 1000 files at once."
# expect: {patch_response: error 0, feature_map_size: passed 2}
# seconds: 20
# weak: no_limits
# succeeds: "says opened 1000"
# ---

# %% exercise="patch_response"
# Closed again in time, so that the kernel can go on.
opened = []
try:
    for _ in range(1000):
        opened.append(open("/dev/null"))
finally:
    for file in opened:
        file.close()
raise RuntimeError(f"opened {len(opened)}")
