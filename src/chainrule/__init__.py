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

from importlib import import_module as _import_module
from typing import TYPE_CHECKING as _TYPE_CHECKING
from typing import Any as _Any

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
from chainrule.training import (
    Callback,
    Checkpoint,
    CSVLog,
    EarlyStopping,
    History,
    ReduceOnPlateau,
    TensorBoardLog,
)
from chainrule.training.loop import DivergenceError

if _TYPE_CHECKING:
    from chainrule import data

# What is imported only when it is used, so that `import chainrule` stays cheap: name -> module, and
# the attribute of that module (empty: the module itself).
_LAZY = {"data": ("chainrule.data", "")}


def __getattr__(name: str) -> _Any:
    if name not in _LAZY:
        raise AttributeError(f"module 'chainrule' has no attribute {name!r}")
    module, attribute = _LAZY[name]
    found = _import_module(module)
    return getattr(found, attribute) if attribute else found


__all__ = [
    "INFERENCE",
    "SGD",
    "Adam",
    "AdamW",
    "BinaryCrossEntropy",
    "CSVLog",
    "Callback",
    "ChainruleError",
    "Checkpoint",
    "Columns",
    "ConfigurationError",
    "Context",
    "CrossEntropy",
    "DataError",
    "Dense",
    "DivergenceError",
    "EarlyStopping",
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
    "ReduceOnPlateau",
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
    "TensorBoardLog",
    "Uniform",
    "Zeros",
    "columns",
    "data",
    "load",
]
