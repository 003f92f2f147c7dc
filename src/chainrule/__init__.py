"""chainrule: a neural-network library whose source is the derivation.

Every layer states its formula, its derivative and the code for both, side by side.

    import chainrule as cr

    (x, y), (x_test, y_test) = cr.data.load("mnist")
    model = cr.Model(
        cr.Sequential(cr.Scale(1 / 255), cr.Flatten(), cr.Dense(128), cr.ReLU(), cr.Dense(10)),
        loss=cr.SoftmaxCrossEntropy(), optimizer=cr.Adam(1e-3), seed=0)
    model.fit(x, y, epochs=5, batch_size=128, validation_split=0.1)
    model.evaluate(x_test, y_test)
"""

__version__ = "0.1.0"

from chainrule import data
from chainrule.errors import (
    ChainruleError,
    ConfigurationError,
    DataError,
    EngineError,
    MissingExtraError,
    ModelFileError,
    ShapeError,
)
from chainrule.initializers import (
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    Initializer,
    Normal,
    Uniform,
    Zeros,
)
from chainrule.layers import (
    INFERENCE,
    Columns,
    Context,
    Dense,
    Flatten,
    Identity,
    Layer,
    LeakyReLU,
    ReLU,
    Scale,
    Sequential,
    Sigmoid,
    Softmax,
    Spec,
    Tanh,
    columns,
)
from chainrule.losses import (
    BinaryCrossEntropy,
    CrossEntropy,
    Loss,
    SigmoidCrossEntropy,
    SoftmaxCrossEntropy,
    SquaredError,
)
from chainrule.model import Model
from chainrule.model_file import load
from chainrule.optimizers import SGD, Adam, AdamW, Optimizer, RMSProp
from chainrule.training import Callback, History
from chainrule.training.loop import DivergenceError

__all__ = [
    "INFERENCE",
    "SGD",
    "Adam",
    "AdamW",
    "BinaryCrossEntropy",
    "Callback",
    "ChainruleError",
    "Columns",
    "ConfigurationError",
    "Context",
    "CrossEntropy",
    "DataError",
    "Dense",
    "DivergenceError",
    "EngineError",
    "Flatten",
    "GlorotNormal",
    "GlorotUniform",
    "HeNormal",
    "HeUniform",
    "History",
    "Identity",
    "Initializer",
    "Layer",
    "LeakyReLU",
    "Loss",
    "MissingExtraError",
    "Model",
    "ModelFileError",
    "Normal",
    "Optimizer",
    "RMSProp",
    "ReLU",
    "Scale",
    "Sequential",
    "ShapeError",
    "Sigmoid",
    "SigmoidCrossEntropy",
    "Softmax",
    "SoftmaxCrossEntropy",
    "Spec",
    "SquaredError",
    "Tanh",
    "Uniform",
    "Zeros",
    "columns",
    "data",
    "load",
]
