# ---
# tries: "Displays 40 MiB of HTML, a part at a time."
# expect: {patch_response: output_limit 0, feature_map_size: passed 2}
# seconds: 20
# weak: no_limits
# succeeds: "says displayed 40 MiB"
# ---

# %% exercise="patch_response"
from IPython.display import HTML, display

text = "<b>x</b>" * 2**17
for _ in range(40):
    display(HTML(text))
raise RuntimeError("displayed 40 MiB")
