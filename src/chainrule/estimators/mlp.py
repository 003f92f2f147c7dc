"""MLPClassifier and MLPRegressor, with scikit-learn's parameters and what is missing there."""

from __future__ import annotations

from typing import Any

from chainrule.estimators.perceptron import MultilayerPerceptron
from chainrule.estimators.targets import Classes, Values


class MLPClassifier(Classes, MultilayerPerceptron):
    """scikit-learn's MLPClassifier, trained by chainrule: same parameters, defaults and attributes.

    What is added: `dropout` after each hidden layer (a rate, or one for each), `activation` for
    each layer (names or chainrule layers), `loss` ("log_loss", "hinge" for two classes, or a
    chainrule loss), `class_weight` ("balanced" or a mapping), `scoring` (what early stopping
    watches: None for accuracy, or with `class_weight` the loss; "loss", or a scorer of
    scikit-learn), `callbacks`, `engine`, and `dtype`: "auto" keeps float64 for small tables and
    takes float32 above 50,000 entries.

    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> classifier = MLPClassifier(dropout=0.1, max_iter=500, random_state=0).fit(X, y)
    >>> bool(classifier.score(X, y) > 0.9)
    True
    """

    def __init__(
        self,
        hidden_layer_sizes: Any = (100,),
        activation: Any = "relu",
        *,
        solver: str = "adam",
        alpha: float = 0.0001,
        batch_size: Any = "auto",
        learning_rate: str = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: Any = None,
        tol: float = 1e-4,
        verbose: Any = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: Any = 10,
        max_fun: int = 15000,
        dropout: float = 0.0,
        scoring: Any = None,
        callbacks: Any = None,
        engine: str = "auto",
        dtype: str = "auto",
        loss: Any = "log_loss",
        class_weight: Any = None,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.solver = solver
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.power_t = power_t
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.random_state = random_state
        self.tol = tol
        self.verbose = verbose
        self.warm_start = warm_start
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.n_iter_no_change = n_iter_no_change
        self.max_fun = max_fun
        self.dropout = dropout
        self.scoring = scoring
        self.callbacks = callbacks
        self.engine = engine
        self.dtype = dtype
        self.loss = loss
        self.class_weight = class_weight


class MLPRegressor(Values, MultilayerPerceptron):
    """scikit-learn's MLPRegressor, trained by chainrule: same parameters, defaults and attributes.

    `loss` may also be "absolute_error", "huber", "log_cosh" or a chainrule loss; what else is added
    is described at `MLPClassifier`.
    """

    def __init__(
        self,
        loss: Any = "squared_error",
        hidden_layer_sizes: Any = (100,),
        activation: Any = "relu",
        *,
        solver: str = "adam",
        alpha: float = 0.0001,
        batch_size: Any = "auto",
        learning_rate: str = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: Any = None,
        tol: float = 1e-4,
        verbose: Any = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: Any = 10,
        max_fun: int = 15000,
        dropout: float = 0.0,
        scoring: Any = None,
        callbacks: Any = None,
        engine: str = "auto",
        dtype: str = "auto",
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.solver = solver
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.power_t = power_t
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.random_state = random_state
        self.tol = tol
        self.verbose = verbose
        self.warm_start = warm_start
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.n_iter_no_change = n_iter_no_change
        self.max_fun = max_fun
        self.dropout = dropout
        self.scoring = scoring
        self.callbacks = callbacks
        self.engine = engine
        self.dtype = dtype
        self.loss = loss
