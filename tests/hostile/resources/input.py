# ---
# tries: "Asks for input, and waits for an answer that nobody gives."
# expect: {patch_response: error 0, feature_map_size: passed 2}
# seconds: 8
# weak: judged_inside
# succeeds: "says EOF|your marks, please"
# ---

# %% exercise="patch_response"
# A grader with a terminal would wait here for ever; one that pipes gives its own input away.
answer = input("your marks, please: ")
raise RuntimeError(f"was answered {answer}")
