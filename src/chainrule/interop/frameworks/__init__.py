"""Networks and weights in PyTorch, Keras and scikit-learn: as code, as arrays, and proved equal.

    translate(model, "torch").code        the network as PyTorch code
    weights_for(model, "torch")           its weights as that code names them
    take_weights(model, source)           weights from there: live objects, mappings, files
    prove(model, x, y, "torch")           same outputs, same loss, same gradients
    from_sklearn(estimator)               a fitted MLP or a pipeline that ends in one, as a model

Nothing of the kind is imported until it is needed, and no file's code is ever run.
"""

from chainrule.interop.frameworks.giving import save_weights, weights_for
from chainrule.interop.frameworks.proof import Proof, prove
from chainrule.interop.frameworks.sklearn import from_sklearn, to_sklearn
from chainrule.interop.frameworks.taking import take_weights
from chainrule.interop.frameworks.translation import translate

__all__ = [
    "Proof",
    "from_sklearn",
    "prove",
    "save_weights",
    "take_weights",
    "to_sklearn",
    "translate",
    "weights_for",
]
