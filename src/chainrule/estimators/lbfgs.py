"""solver="lbfgs": all samples at once, by SciPy's L-BFGS and scikit-learn's stopping rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sklearn.utils.optimize import _check_optimize_result

from chainrule.estimators.stopping import ScoreFunction
from chainrule.step import Data
from chainrule.training.lbfgs import minimize
from chainrule.tree import Tree

if TYPE_CHECKING:
    from chainrule.estimators.perceptron import MultilayerPerceptron


def train(estimator: MultilayerPerceptron, data: Data, validate: ScoreFunction | None) -> None:
    """Train until `max_iter` iterations, `max_fun` evaluations or a gradient below `tol`.

    The loss after each iteration becomes `loss_curve_`, which scikit-learn does not keep here.
    """
    model, losses = estimator.model_, []
    judged: list[tuple[float, float]] = []

    def watch(value: float, params: Tree) -> None:
        losses.append(value)
        if estimator.verbose:
            print(f"Iteration {len(losses)}, loss = {value:.8f}")
        if validate is not None:
            judged.append(validate(model.state._replace(params=params)))

    found = minimize(
        model, model.task._replace(penalty=estimator._penalty()), data, watch,
        maxiter=estimator.max_iter, maxfun=estimator.max_fun, gtol=estimator.tol,
    )  # fmt: skip
    estimator.n_iter_ = _check_optimize_result("lbfgs", found, estimator.max_iter)
    estimator.loss_ = float(found.fun)
    estimator.loss_curve_ = losses
    estimator.best_loss_ = min([*losses, estimator.loss_])
    estimator.best_validation_score_ = None
    estimator.validation_loss_curve_ = [loss for loss, _ in judged] if judged else None
    estimator.validation_scores_ = [score for _, score in judged] if judged else None
