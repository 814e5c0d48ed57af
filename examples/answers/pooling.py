"""Lesson 4: stride 1 by default, zeros that win at the border, and a pool across all channels."""

ANSWERS = {
    "fay_exchanged_edges": {
        "global_average_pool": """
            def global_average_pool(volume):
                return volume.mean(axis=2)
            """
    },
    "mia_her_own_way": {
        "max_pool": """
            def max_pool(volume, pool_size=2, strides=None):
                strides = strides or pool_size
                windows = np.lib.stride_tricks.sliding_window_view(
                    volume, (pool_size, pool_size), axis=(0, 1)
                )
                return windows[::strides, ::strides].max(axis=(3, 4))
            """
    },
    "ola_default_padding": {
        "average_pool": """
            def average_pool(volume, pool_size=2, strides=None, padding="valid"):
                strides = strides or pool_size
                height, width, channels = volume.shape
                if padding == "same":
                    down = max((-(-height // strides) - 1) * strides + pool_size - height, 0)
                    across = max((-(-width // strides) - 1) * strides + pool_size - width, 0)
                    rows = (down // 2, down - down // 2)
                    columns = (across // 2, across - across // 2)
                    volume = np.pad(volume, [rows, columns, (0, 0)])
                rows = (volume.shape[0] - pool_size) // strides + 1
                columns = (volume.shape[1] - pool_size) // strides + 1
                out = np.zeros((rows, columns, channels))
                for r in range(rows):
                    for c in range(columns):
                        top, left = r * strides, c * strides
                        window = volume[top : top + pool_size, left : left + pool_size]
                        out[r, c] = window.mean(axis=(0, 1))
                return out
            """
    },
    "pia_stride_one": {
        "max_pool": """
            def max_pool(volume, pool_size=2, strides=None):
                strides = 1 if strides is None else strides
                rows = (volume.shape[0] - pool_size) // strides + 1
                columns = (volume.shape[1] - pool_size) // strides + 1
                out = np.zeros((rows, columns, volume.shape[2]))
                for r in range(rows):
                    for c in range(columns):
                        top, left = r * strides, c * strides
                        window = volume[top : top + pool_size, left : left + pool_size]
                        out[r, c] = window.max(axis=(0, 1))
                return out
            """
    },
}
