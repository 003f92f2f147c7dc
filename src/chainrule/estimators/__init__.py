"""scikit-learn's estimators on chainrule's networks: `pip install "chainrule[sklearn]"`.

    from chainrule.estimators import MLPClassifier      # instead of sklearn.neural_network

This package alone imports scikit-learn, and has its spellings.
"""

from chainrule.errors import MissingExtraError

try:
    from chainrule.estimators.mlp import MLPClassifier, MLPRegressor
    from chainrule.estimators.networks import NetworkClassifier, NetworkRegressor
except ModuleNotFoundError as error:
    if (error.name or "").partition(".")[0] != "sklearn":
        raise
    raise MissingExtraError(
        'chainrule.estimators needs scikit-learn: pip install "chainrule[sklearn]"'
    ) from None

__all__ = ["MLPClassifier", "MLPRegressor", "NetworkClassifier", "NetworkRegressor"]
