# ---
# tries: "Has IPython rewrite the text of the cells that run later."
# expect: {patch_response: failed 0, feature_map_size: passed 2}
# seconds: 6
# weak: judged_inside
# succeeds: points
# ---

# %%
# The text of each cell passes through here before it is parsed.
def without_asserts(lines):
    return [line.replace("assert ", "# ") for line in lines]


get_ipython().input_transformers_post.append(without_asserts)


# %% exercise="patch_response"
def patch_response(patch, kernel):
    return "nothing"
