# ---
# shows: Rich output of all kinds, updates and `clear_output`, in cells and in answers.
# elsewhere: With `coalesce_streams`, nbclient 0.11 stops at an update of a display, or changes another.
# points: {patch_response: 3, feature_map_size: 2}
# ---

# %%
import numpy as np
from IPython.display import HTML, JSON, Audio, Image, Latex, Markdown, Math, clear_output, display

display(HTML("<b>bold</b>"), Markdown("# big"), Latex("$x$"), JSON({"a": 1}), Math("x^2"))
display({"text/plain": "plain", "application/x-own": {"a": 1}}, raw=True)
Audio(np.zeros(100), rate=8000)

# %%
handle = display("waiting", display_id="progress")

# %% exercise="patch_response"
def patch_response(patch, kernel):
    display(patch)
    handle.update("called")
    clear_output(wait=True)
    return np.sum(patch * kernel)

# %%
handle.update(HTML("<progress value=3 max=4>"))
display(1, display_id="progress")
display("never shown before", display_id="unknown", update=True)

# %% exercise="feature_map_size"
def feature_map_size(image_size, kernel_size):
    display(Markdown(f"**{image_size}**"))
    return image_size - kernel_size + 1

clear_output()
