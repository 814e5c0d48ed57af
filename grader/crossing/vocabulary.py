"""The Keras objects that may cross: those of a course on CNNs, by the names that Keras gives them.

None of them reads a file, runs code that a configuration holds, or needs more memory than its
weights and outputs. A configuration names them without a module, so no other class of Keras, let
alone of Python, can be spoken of.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from grader.errors import Untransferable

# How alike two names are that one may be meant by the other: `softmax_v2` is like `softmax` (0.82).
_NEAR = 0.6

_SIZED = (
    "AveragePooling Conv Cropping GlobalAveragePooling GlobalMaxPooling MaxPooling SpatialDropout "
    "UpSampling ZeroPadding"
)
LAYERS = frozenset(
    [f"{kind}{sides}D" for kind in _SIZED.split() for sides in (1, 2, 3)]
    + [
        "InputLayer",
        "Identity",
        "Activation",
        "ReLU",
        "LeakyReLU",
        "PReLU",
        "ELU",
        "Softmax",
        "Conv1DTranspose",
        "Conv2DTranspose",
        "DepthwiseConv1D",
        "DepthwiseConv2D",
        "SeparableConv1D",
        "SeparableConv2D",
        "Dense",
        "Flatten",
        "Reshape",
        "Permute",
        "RepeatVector",
        "BatchNormalization",
        "LayerNormalization",
        "GroupNormalization",
        "UnitNormalization",
        "ActivityRegularization",
        "AlphaDropout",
        "Dropout",
        "GaussianDropout",
        "GaussianNoise",
        "Add",
        "Average",
        "Concatenate",
        "Dot",
        "Maximum",
        "Minimum",
        "Multiply",
        "Subtract",
        "CenterCrop",
        "RandomBrightness",
        "RandomContrast",
        "RandomCrop",
        "RandomFlip",
        "RandomRotation",
        "RandomTranslation",
        "RandomZoom",
        "Rescaling",
        "Resizing",
    ]
)
"""Classes of `keras.layers`."""

MODELS = frozenset(["Sequential", "Functional"])

ACTIVATION_LAYERS = frozenset(["ELU", "LeakyReLU", "ReLU", "Softmax"])
"""Layers that may stand where an activation function does."""

OPERATIONS = frozenset(
    [
        f"{module}.{name}"
        for module, names in {
            "core": "Cast StopGradient",
            "image": "RGBToGrayscale",
            "math": "Logsumexp Rsqrt",
            "nn": "AveragePool Celu Elu Gelu HardSigmoid HardSilu HardTanh LeakyRelu LogSigmoid "
            "LogSoftmax MaxPool Relu Relu6 Selu Sigmoid Silu Softmax Softplus Softsign",
            "numpy": "Abs Absolute Add Amax Amin Argmax Argmin Average Clip Concatenate Cos Divide "
            "Equal Exp ExpandDims Flip FloorDivide GetItem Greater GreaterEqual Less LessEqual Log "
            "Log1p LogicalAnd LogicalNot LogicalOr Matmul Max Maximum Mean Min Minimum Mod "
            "Moveaxis Multiply Negative NotEqual Pad Power Prod Ravel Reciprocal Repeat Reshape "
            "Roll Round Sign Sin Split Sqrt Square Squeeze Stack Std Subtract Sum Swapaxes Tanh "
            "Tile Transpose TrueDivide Var Where",
        }.items()
        for name in names.split()
    ]
)
"""What `x + y`, `keras.ops.relu(x)` or `x[:, 0]` leave in a functional model: classes of
`keras.src.ops`, by module and name. They have no public names."""

ACTIVATIONS = frozenset(
    [
        "celu",
        "elu",
        "exponential",
        "gelu",
        "hard_shrink",
        "hard_sigmoid",
        "hard_silu",
        "hard_tanh",
        "leaky_relu",
        "linear",
        "log_sigmoid",
        "log_softmax",
        "mish",
        "relu",
        "relu6",
        "selu",
        "sigmoid",
        "silu",
        "soft_shrink",
        "softmax",
        "softplus",
        "softsign",
        "sparse_plus",
        "sparse_sigmoid",
        "sparsemax",
        "squareplus",
        "tanh",
        "tanh_shrink",
    ]
)
"""Functions of `keras.activations`."""

INITIALIZERS = frozenset(
    [
        "Constant",
        "GlorotNormal",
        "GlorotUniform",
        "HeNormal",
        "HeUniform",
        "Identity",
        "LecunNormal",
        "LecunUniform",
        "Ones",
        "Orthogonal",
        "RandomNormal",
        "RandomUniform",
        "TruncatedNormal",
        "VarianceScaling",
        "Zeros",
    ]
)
REGULARIZERS = frozenset(["L1", "L1L2", "L2", "OrthogonalRegularizer"])
CONSTRAINTS = frozenset(["MaxNorm", "MinMaxNorm", "NonNeg", "UnitNorm"])
OPTIMIZERS = frozenset(
    [
        "Adadelta",
        "Adafactor",
        "Adagrad",
        "Adam",
        "AdamW",
        "Adamax",
        "Ftrl",
        "Lion",
        "Nadam",
        "RMSprop",
        "SGD",
    ]
)
SCHEDULES = frozenset(
    [
        "CosineDecay",
        "CosineDecayRestarts",
        "ExponentialDecay",
        "InverseTimeDecay",
        "PiecewiseConstantDecay",
        "PolynomialDecay",
    ]
)
LOSSES = frozenset(
    [
        "BinaryCrossentropy",
        "BinaryFocalCrossentropy",
        "CategoricalCrossentropy",
        "CategoricalFocalCrossentropy",
        "CategoricalHinge",
        "CosineSimilarity",
        "Dice",
        "Hinge",
        "Huber",
        "KLDivergence",
        "LogCosh",
        "MeanAbsoluteError",
        "MeanAbsolutePercentageError",
        "MeanSquaredError",
        "MeanSquaredLogarithmicError",
        "Poisson",
        "SparseCategoricalCrossentropy",
        "SquaredHinge",
        "Tversky",
    ]
)
METRICS = frozenset(
    [
        "AUC",
        "Accuracy",
        "BinaryAccuracy",
        "BinaryCrossentropy",
        "BinaryIoU",
        "CategoricalAccuracy",
        "CategoricalCrossentropy",
        "CategoricalHinge",
        "ConcordanceCorrelation",
        "CosineSimilarity",
        "F1Score",
        "FBetaScore",
        "FalseNegatives",
        "FalsePositives",
        "Hinge",
        "IoU",
        "KLDivergence",
        "LogCoshError",
        "Mean",
        "MeanAbsoluteError",
        "MeanAbsolutePercentageError",
        "MeanIoU",
        "MeanSquaredError",
        "MeanSquaredLogarithmicError",
        "OneHotIoU",
        "OneHotMeanIoU",
        "PearsonCorrelation",
        "Poisson",
        "Precision",
        "PrecisionAtRecall",
        "R2Score",
        "Recall",
        "RecallAtPrecision",
        "RootMeanSquaredError",
        "SensitivityAtSpecificity",
        "SparseCategoricalAccuracy",
        "SparseCategoricalCrossentropy",
        "SparseTopKCategoricalAccuracy",
        "SpecificityAtSensitivity",
        "SquaredHinge",
        "Sum",
        "TopKCategoricalAccuracy",
        "TrueNegatives",
        "TruePositives",
    ]
)
MEASURES = (LOSSES | METRICS) | frozenset(
    [
        "acc",
        "accuracy",
        "auc",
        "bce",
        "binary_accuracy",
        "binary_crossentropy",
        "binary_focal_crossentropy",
        "categorical_accuracy",
        "categorical_crossentropy",
        "categorical_focal_crossentropy",
        "categorical_hinge",
        "ce",
        "concordance_correlation",
        "cosine_similarity",
        "crossentropy",
        "dice",
        "f1_score",
        "f_beta_score",
        "false_negatives",
        "false_positives",
        "hinge",
        "huber",
        "kl_divergence",
        "kld",
        "log_cosh",
        "log_cosh_error",
        "mae",
        "mape",
        "mean",
        "mean_absolute_error",
        "mean_absolute_percentage_error",
        "mean_squared_error",
        "mean_squared_logarithmic_error",
        "mse",
        "msle",
        "pearson_correlation",
        "poisson",
        "precision",
        "r2_score",
        "recall",
        "root_mean_squared_error",
        "sparse_categorical_accuracy",
        "sparse_categorical_crossentropy",
        "sparse_top_k_categorical_accuracy",
        "squared_hinge",
        "sum",
        "top_k_categorical_accuracy",
        "true_negatives",
        "true_positives",
        "tversky",
        "BCE",
        "KLD",
        "MAE",
        "MAPE",
        "MSE",
        "MSLE",
    ]
)
"""What `compile` takes as the text of a loss or a metric."""

DTYPES = frozenset(
    [
        "bfloat16",
        "bool",
        "float16",
        "float32",
        "float64",
        "int16",
        "int32",
        "int64",
        "int8",
        "mixed_bfloat16",
        "mixed_float16",
        "uint16",
        "uint32",
        "uint64",
        "uint8",
    ]
)

_INSTEAD = {
    "Lambda": "Use keras.layers.Activation, or compute with keras.ops in a functional model",
    "Normalization": "Use keras.layers.Rescaling",
    "RandAugment": "Use keras.layers.RandomFlip, RandomRotation, RandomZoom or RandomTranslation",
    "TimeDistributed": "Give keras.layers.Conv3D, or reshape",
}


def known_layer(name: str) -> str:
    """`name`, if it is a layer or a model that may cross; Untransferable says what to use."""
    if name in LAYERS or name in MODELS:
        return name
    instead = _INSTEAD.get(name, "Use one of the layers of this course")
    raise Untransferable(
        f"A network that can be checked is made of Keras's own layers for images. "
        f"Received: a layer of type {name[:80]}. {instead}."
    )


def require_listed(name: object, names: frozenset[str], what: str) -> str:
    """`name`, if it is one of `names`; `what` they are is for the sentence otherwise."""
    if type(name) is str and name in names:
        return name
    received = name[:80] if isinstance(name, str) else "something of your own"
    raise Untransferable(
        f"A network that can be checked uses {what} that Keras brings along. "
        f"Received: {received}. Name one of those instead, such as "
        f"{nearest(received, names) or min(names, key=len)}."
    )


def nearest(name: str, names: Iterable[str]) -> str | None:
    """The one of `names` that is written most like `name`, capitals and underscores aside."""
    spelled = {_letters(one): one for one in sorted(names)}
    close = difflib.get_close_matches(_letters(name[:80]), spelled, n=1, cutoff=_NEAR)
    return spelled[close[0]] if close else None


def _letters(name: str) -> str:
    return name.lower().replace("_", "")
