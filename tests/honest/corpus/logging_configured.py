# ---
# shows: Logging set up for everything, to a file and to the notebook, and loud.
# elsewhere: Handlers write to standard error, which nbgrader takes for a failure.
# points: {patch_response: 3, feature_map_size: 2}
# ---

# %%
import logging
import numpy as np

logging.basicConfig(level=logging.DEBUG, force=True, format="%(asctime)s %(name)s %(message)s")
logging.getLogger().addHandler(logging.FileHandler("lesson.log"))
logging.captureWarnings(True)
log = logging.getLogger(__name__)
log.warning("started")

# %% exercise="patch_response"
def patch_response(patch, kernel):
    log.debug("patch %s kernel %s", patch, kernel)
    return np.sum(patch * kernel)

# %% exercise="feature_map_size"
def feature_map_size(image_size, kernel_size):
    try:
        1 / 0
    except ZeroDivisionError:
        log.exception("on purpose")
    return image_size - kernel_size + 1

# %%
logging.shutdown()
