# ---
# shows: Cells in HTML, JavaScript, LaTeX, Markdown, SVG and Bash, and scripts that fail.
# elsewhere: Graders that parse a cell as plain Python stop there.
# points: {patch_response: 3, feature_map_size: 2}
# ---

# %%
%%html
<style>div.output { color: red }</style>

# %%
%%javascript
alert("hello");

# %%
%%latex
$$\sum_i a_i b_i$$

# %%
%%markdown
# Notes

# %%
%%svg
<svg width="10" height="10"><rect width="10" height="10"/></svg>

# %%
%%bash
ls
false

# %%
%%script perl
print "hello\n";

# %%
%%sh
exit 3

# %% exercise="patch_response"
def patch_response(patch, kernel):
    return (patch * kernel).sum()

# %%
%%nosuchmagic
anything

# %% exercise="feature_map_size"
def feature_map_size(image_size, kernel_size):
    return image_size - kernel_size + 1
