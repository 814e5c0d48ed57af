"""Lesson 5: axes exchanged in Flatten, biases forgotten, and LeNet-5 padded where it was not."""

ANSWERS = {
    "fay_exchanged_edges": {
        "flat_index": """
            def flat_index(position, shape):
                row, column, channel = position
                return (column * shape[0] + row) * shape[2] + channel

            def position(index, shape):
                index, channel = divmod(index, shape[2])
                column, row = divmod(index, shape[0])
                return row, column, channel
            """
    },
    "gus_no_plus_one": {
        "dense_parameters": """
            def dense_parameters(inputs, units):
                return inputs * units
            """
    },
    "mia_her_own_way": {
        "flatten": """
            def flatten(volumes):
                return np.array([volume.ravel() for volume in volumes])
            """,
        "softmax": """
            def softmax(scores):
                return np.exp(scores - np.logaddexp.reduce(scores, axis=-1, keepdims=True))
            """,
    },
    "ola_default_padding": {
        "softmax": """
            def softmax(scores):
                powers = np.exp(scores - scores.max())
                return powers / powers.sum()
            """,
        "cross_entropy": """
            def cross_entropy(probabilities, labels):
                chosen = probabilities[np.arange(len(labels)), labels]
                return -np.log(np.clip(chosen, 1e-7, 1)).sum()
            """,
    },
}
