# ---
# shows: "`await` at the top level, async functions, tasks and loops in cells."
# elsewhere: Graders that run the cells as a script stop at the first `await`.
# points: {patch_response: 3, feature_map_size: 2, edge_kernels: 3}
# ---

# %%
import asyncio
import numpy as np

await asyncio.sleep(0.01)

async def fetch(number):
    await asyncio.sleep(0.01)
    return number

print(await asyncio.gather(*(fetch(n) for n in range(3))))
background = asyncio.create_task(asyncio.sleep(0.05))

# %% exercise="patch_response"
async def later():
    return np.sum

add_up = await later()

def patch_response(patch, kernel):
    return add_up(patch * kernel)

# %% exercise="edge_kernels"
vertical_edges = np.array([await fetch([-1, 0, 1]) for _ in range(3)])
async with asyncio.timeout(5):
    horizontal_edges = vertical_edges.T

# %%
asyncio.run(fetch(1))

# %% exercise="feature_map_size"
def feature_map_size(image_size, kernel_size):
    return image_size - kernel_size + 1

await background
