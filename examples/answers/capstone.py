"""Lesson 7: biases left out of the plan, one place too few in the map, and another design."""

ANSWERS = {
    "gus_no_plus_one": {
        "plan": """
            plan = [
                ("Conv2D", (28, 28, 8), 3 * 3 * 1 * 8),
                ("MaxPooling2D", (14, 14, 8), 0),
                ("Conv2D", (14, 14, 16), 3 * 3 * 8 * 16),
                ("MaxPooling2D", (7, 7, 16), 0),
                ("Conv2D", (7, 7, 32), 3 * 3 * 16 * 32),
                ("GlobalMaxPooling2D", (32,), 0),
                ("Dense", (4,), 32 * 4),
            ]
            planned_parameters = 72 + 1152 + 4608 + 128
            planned_work = 28 * 28 * 9 * 8 + 14 * 14 * 72 * 16 + 7 * 7 * 144 * 32 + 32 * 4
            """,
        "occlusion_map": """
            def occlusion_map(predict, image, label, size, stride, gray):
                rows, columns = ((side - size) // stride for side in image.shape[:2])
                covered = np.repeat(image[None], rows * columns, axis=0)
                for row in range(rows):
                    for column in range(columns):
                        top, left = row * stride, column * stride
                        covered[row * columns + column, top : top + size, left : left + size] = gray
                free = np.asarray(predict(image[None]))[0, label]
                return free - np.asarray(predict(covered))[:, label].reshape(rows, columns)
            """,
    },
    "mia_her_own_way": {
        "plan": """
            plan = [
                ("Conv2D", (28, 28, 8), 80),
                ("BatchNormalization", (28, 28, 8), 32),
                ("MaxPooling2D", (14, 14, 8), 0),
                ("Conv2D", (14, 14, 16), 1168),
                ("BatchNormalization", (14, 14, 16), 64),
                ("MaxPooling2D", (7, 7, 16), 0),
                ("Conv2D", (7, 7, 32), 4640),
                ("BatchNormalization", (7, 7, 32), 128),
                ("GlobalMaxPooling2D", (32,), 0),
                ("Dense", (4,), 132),
            ]
            planned_parameters = sum(parameters for _, _, parameters in plan)
            planned_work = 784 * 72 + 196 * 72 * 16 + 49 * 144 * 32 + 128
            """,
        "build_network": """
            def build_network():
                same = {"padding": "same", "kernel_regularizer": keras.regularizers.L2(0.001)}
                inputs = maps = keras.Input((28, 28, 1))
                for filters in (8, 16, 32):
                    maps = layers.Conv2D(filters, 3, **same)(maps)
                    maps = layers.ReLU()(layers.BatchNormalization(momentum=0.9)(maps))
                    if filters < 32:
                        maps = layers.MaxPooling2D()(maps)
                return keras.Model(inputs, layers.Dense(4)(layers.GlobalMaxPooling2D()(maps)))


            my_callbacks = [
                keras.callbacks.EarlyStopping(patience=6, restore_best_weights=True)
            ]
            """,
    },
}
