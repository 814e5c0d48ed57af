# ---
# shows: Names, comments and texts in other scripts, with accents, emoji and marks of direction.
# points: {patch_response: 3, feature_map_size: 2, edge_kernels: 3, blur_and_sharpen: 3}
# ---

# %%
import numpy as np
π, größe, 幅, ядро, μ = np.pi, 3, 4, [1], 0.5
print("שלום 👋🏽 مرحبا \u202e\ud83d")

# %% exercise="patch_response"
def patch_response(patch, kernel):
    """Liefert die Antwort — “Faltung” ✅ 卷积"""
    Σ = 0
    for ζeile, gewichte in zip(patch, kernel):
        Σ += (ζeile * gewichte).sum()  # 👍
    return Σ

# %% exercise="feature_map_size"
def feature_map_size(ｉmage_size, 核):
    return ｉmage_size - 核 + 1

# %% exercise="edge_kernels"
vertical_edges = np.array([[-1, 0, 1]] * 3)
horizontal_edges = vertical_edges.T

# %% exercise="blur_and_sharpen"
ｂlur = np.ones((größe, größe)) / 9
ſharpen = 2 * np.eye(3)[1][:, None] * np.eye(3)[1] - blur
