# ---
# shows: Empty cells, raw cells, Markdown with code, and the exercise's text changed.
# points: {patch_response: 3, feature_map_size: 2}
# ---

# %%

# %% [raw]
%%html
def patch_response(patch, kernel):
    return 0

# %% [markdown]
# ```python
# def feature_map_size(a, b): return 0
# ```

# %% [raw] raw_mimetype="text/latex"
\newpage

# %%
# only a comment

# %% exercise="patch_response"
def patch_response(patch, kernel):
    return (patch * kernel).sum()

# %% exercise="feature_map_size"
def feature_map_size(image_size, kernel_size):
    return image_size - kernel_size + 1

# %%
"only a text"
