# ---
# tries: "Stops in the debugger, which waits for commands."
# expect: {patch_response: error|failed|timeout 0, feature_map_size: passed 2}
# seconds: 15
# weak: judged_inside
# succeeds: "says ipdb|Pdb|bdb"
# ---

# %% exercise="patch_response"
def patch_response(patch, kernel):
    breakpoint()
    return "nothing"
