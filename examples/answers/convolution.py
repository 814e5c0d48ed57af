"""Lesson 1: flipped kernels, padding counted once, and a student who hard-codes the sizes."""

ANSWERS = {
    "dan_flipped_kernel": {
        "convolve2d": """
            def convolve2d(image, kernel):
                k, l = kernel.shape
                flipped = np.flip(kernel)
                out = np.empty((image.shape[0] - k + 1, image.shape[1] - l + 1))
                for i in range(out.shape[0]):
                    for j in range(out.shape[1]):
                        out[i, j] = (image[i:i + k, j:j + l] * flipped).sum()
                return out
            """
    },
    "eve_padding_once": {
        "convolve2d_strided": """
            def convolve2d_strided(image, kernel, strides=1, padding=0):
                k, l = kernel.shape
                h, w = image.shape
                rows = (h + padding - k) // strides + 1
                columns = (w + padding - l) // strides + 1
                padded = np.pad(image, padding)
                out = np.zeros((rows, columns))
                for i in range(rows):
                    for j in range(columns):
                        top, left = i * strides, j * strides
                        window = padded[top:top + k, left:left + l]
                        out[i, j] = (window * kernel).sum()
                return out
            """
    },
    "fay_exchanged_edges": {
        "edge_kernels": """
            vertical_edges = np.array([[-1, -1, -1], [0, 0, 0], [1, 1, 1]])
            horizontal_edges = np.array([[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]])
            """
    },
    "gus_no_plus_one": {
        "feature_map_size": """
            def feature_map_size(image_size, kernel_size):
                return image_size - kernel_size
            """,
        "strongest_match": """
            def strongest_match(image, kernel):
                row, column = np.unravel_index(
                    np.argmax(convolve2d(image, kernel)), convolve2d(image, kernel).shape
                )
                return int(column), int(row)
            """,
    },
    "hal_cell_raises": {
        "zero_pad": """
            frame = int(thickness)

            def zero_pad(image, padding=frame):
                return image
            """
    },
    "jon_renamed": {
        "true_convolution": """
            def true_convolve(image, kernel):
                return convolve2d(image, np.flip(kernel))
            """
    },
    "mia_her_own_way": {
        "patch_response": """
            def patch_response(patch, kernel):
                return float(np.dot(patch.ravel(), kernel.ravel()))
            """,
        "convolve2d": """
            def convolve2d(image, kernel):
                windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
                return np.einsum("ijkl,kl->ij", windows, kernel)
            """,
        "edge_kernels": """
            vertical_edges = np.outer([3, 10, 3], [-1, 0, 1]) / 32
            horizontal_edges = np.outer([-1, 0, 1], [3, 10, 3]) / 32
            """,
        "blur_and_sharpen": """
            blur = np.outer([1, 2, 1], [1, 2, 1]) / 16
            sharpen = -np.ones((3, 3))
            sharpen[1, 1] = 9
            """,
    },
    "ned_hard_coded": {
        "feature_map_size": """
            def feature_map_size(image_size, kernel_size):
                known = {(7, 3): 5, (28, 3): 26, (28, 5): 24, (150, 3): 148}
                return known.get((image_size, kernel_size), 5)
            """
    },
}
