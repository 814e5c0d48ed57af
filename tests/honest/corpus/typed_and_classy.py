# ---
# shows: Type hints, dataclasses, a protocol and future annotations.
# points: {patch_response: 3, convolve2d: 3, feature_map_size: 2}
# ---

# %%
from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from nowhere import Nothing

T = TypeVar("T", bound=np.generic)

# %% exercise="patch_response"
def patch_response(patch: npt.NDArray[T], kernel: npt.NDArray[T]) -> Nothing | float:
    result: float = np.sum(patch * kernel)
    return result

# %%
class Size(NamedTuple):
    rows: int
    columns: int

@dataclass(frozen=True)
class Convolution:
    kernel: np.ndarray = field(repr=False)

    def size(self, image: np.ndarray) -> Size:
        return Size(*(a - b + 1 for a, b in zip(image.shape, self.kernel.shape)))

    def __call__(self, image: np.ndarray) -> np.ndarray:
        out = np.empty(self.size(image))
        for place in np.ndindex(out.shape):
            window = tuple(slice(i, i + n) for i, n in zip(place, self.kernel.shape))
            out[place] = patch_response(image[window], self.kernel)
        return out

# %% exercise="convolve2d"
def convolve2d(image: "np.ndarray", kernel: Annotated[np.ndarray, "k, l"]) -> np.ndarray:
    return Convolution(kernel)(image)

# %% exercise="feature_map_size"
def feature_map_size(image_size: int, kernel_size: int) -> int:
    match image_size, kernel_size:
        case int(), int():
            return (n := image_size - kernel_size) + 1
        case _:
            raise TypeError
