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

from chainrule import metrics
from chainrule.derivation import Derivation, Formulas, Function
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
    Constant,
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    Initializer,
    LeCunNormal,
    Normal,
    Uniform,
    Zeros,
)
from chainrule.layers import (
    ELU,
    GELU,
    INFERENCE,
    SELU,
    AveragePool,
    BatchNorm,
    Clip,
    Columns,
    Concatenate,
    Context,
    Conv1D,
    Conv2D,
    Dense,
    Dropout,
    Embedding,
    Flatten,
    GlobalAveragePool,
    Identity,
    Layer,
    LayerNorm,
    LeakyReLU,
    LogSoftmax,
    MaxPool,
    Mish,
    Normalize,
    OneHot,
    PReLU,
    ReLU,
    Reshape,
    Residual,
    Scale,
    Sequential,
    Shared,
    Sigmoid,
    SiLU,
    Slice,
    Softmax,
    Softplus,
    Softsign,
    Spec,
    Standardize,
    Sum,
    Tanh,
    columns,
)
from chainrule.losses import (
    AbsoluteError,
    BinaryCrossEntropy,
    CrossEntropy,
    CustomLoss,
    Hinge,
    Huber,
    KLDivergence,
    LogCosh,
    Loss,
    Poisson,
    SigmoidCrossEntropy,
    SoftmaxCrossEntropy,
    SquaredError,
    StandardizedSquaredError,
)
from chainrule.model import Model
from chainrule.model_file import load
from chainrule.namespace import array_namespace
from chainrule.optimizers import (
    SGD,
    Accumulated,
    AdaDelta,
    AdaGrad,
    Adam,
    AdamW,
    Averaged,
    Clipped,
    Decayed,
    MaxNorm,
    NAdam,
    Optimizer,
    RAdam,
    RMSProp,
    Rule,
)
from chainrule.schedules import (
    Cosine,
    ExponentialDecay,
    OneCycle,
    PolynomialDecay,
    Schedule,
    StepDecay,
    WarmUp,
)
from chainrule.training import (
    Budget,
    Callback,
    Checkpoint,
    CSVLog,
    EarlyStopping,
    History,
    ReduceOnPlateau,
    TensorBoardLog,
    cross_validate,
    find_learning_rate,
    fit_lbfgs,
)
from chainrule.training.loop import DivergenceError

if _TYPE_CHECKING:
    from chainrule import augmentation, data, tables
    from chainrule.checking import Certificate, check
    from chainrule.doctor import Doctor, examine
    from chainrule.explaining.explain import explain
    from chainrule.interop.onnx.importing import load_onnx
    from chainrule.interop.standalone.export import export_standalone

# What is imported only when it is used, so that `import chainrule` stays cheap: name -> module, and
# the attribute of that module (empty: the module itself).
_LAZY = {
    "Certificate": ("chainrule.checking", "Certificate"),
    "Doctor": ("chainrule.doctor", "Doctor"),
    "augmentation": ("chainrule.augmentation", ""),
    "check": ("chainrule.checking", "check"),
    "data": ("chainrule.data", ""),
    "examine": ("chainrule.doctor", "examine"),
    "explain": ("chainrule.explaining.explain", "explain"),
    "load_onnx": ("chainrule.interop.onnx.importing", "load_onnx"),
    "export_standalone": ("chainrule.interop.standalone.export", "export_standalone"),
    "tables": ("chainrule.tables", ""),
}


def __getattr__(name: str) -> _Any:
    if name not in _LAZY:
        raise AttributeError(f"module 'chainrule' has no attribute {name!r}")
    module, attribute = _LAZY[name]
    found = _import_module(module)
    return getattr(found, attribute) if attribute else found


__all__ = [
    "ELU",
    "GELU",
    "INFERENCE",
    "SELU",
    "SGD",
    "AbsoluteError",
    "Accumulated",
    "AdaDelta",
    "AdaGrad",
    "Adam",
    "AdamW",
    "AveragePool",
    "Averaged",
    "BatchNorm",
    "BinaryCrossEntropy",
    "Budget",
    "CSVLog",
    "Callback",
    "Certificate",
    "ChainruleError",
    "Checkpoint",
    "Clip",
    "Clipped",
    "Columns",
    "Concatenate",
    "ConfigurationError",
    "Constant",
    "Context",
    "Conv1D",
    "Conv2D",
    "Cosine",
    "CrossEntropy",
    "CustomLoss",
    "DataError",
    "Decayed",
    "Dense",
    "Derivation",
    "DivergenceError",
    "Doctor",
    "Dropout",
    "EarlyStopping",
    "Embedding",
    "EngineError",
    "ExponentialDecay",
    "Flatten",
    "Formulas",
    "Function",
    "GlobalAveragePool",
    "GlorotNormal",
    "GlorotUniform",
    "HeNormal",
    "HeUniform",
    "Hinge",
    "History",
    "Huber",
    "Identity",
    "Initializer",
    "KLDivergence",
    "Layer",
    "LayerNorm",
    "LeCunNormal",
    "LeakyReLU",
    "LogCosh",
    "LogSoftmax",
    "Loss",
    "MaxNorm",
    "MaxPool",
    "Mish",
    "MissingExtraError",
    "Model",
    "ModelFileError",
    "NAdam",
    "Normal",
    "Normalize",
    "OneCycle",
    "OneHot",
    "Optimizer",
    "PReLU",
    "Poisson",
    "PolynomialDecay",
    "RAdam",
    "RMSProp",
    "ReLU",
    "ReduceOnPlateau",
    "Reshape",
    "Residual",
    "Rule",
    "Scale",
    "Schedule",
    "Sequential",
    "ShapeError",
    "Shared",
    "SiLU",
    "Sigmoid",
    "SigmoidCrossEntropy",
    "Slice",
    "Softmax",
    "SoftmaxCrossEntropy",
    "Softplus",
    "Softsign",
    "Spec",
    "SquaredError",
    "Standardize",
    "StandardizedSquaredError",
    "StepDecay",
    "Sum",
    "Tanh",
    "TensorBoardLog",
    "Uniform",
    "WarmUp",
    "Zeros",
    "array_namespace",
    "augmentation",
    "check",
    "columns",
    "cross_validate",
    "data",
    "examine",
    "explain",
    "export_standalone",
    "find_learning_rate",
    "fit_lbfgs",
    "load",
    "load_onnx",
    "metrics",
    "tables",
]
