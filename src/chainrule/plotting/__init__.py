"""Pictures of a training and of a network, with matplotlib (extra `chainrule[plot]`).

    axes = loss_curves(model.history)
    axes = confusion_matrix(y_test, model.predict(x_test))
    axes = learning_rates(find_learning_rate(model, x, y))
    figure = first_weights(model)
    figure = examples(model, x_test, y_test)
    save(axes, "loss.png")

Nothing here opens a window: the functions draw on `ax=` or on a figure of their own and return it.
"""

from chainrule.plotting.canvas import save
from chainrule.plotting.confusion import confusion_matrix
from chainrule.plotting.examples import examples
from chainrule.plotting.learning_rate import learning_rates
from chainrule.plotting.loss import loss_curves
from chainrule.plotting.weights import first_weights

__all__ = ["confusion_matrix", "examples", "first_weights", "learning_rates", "loss_curves", "save"]
