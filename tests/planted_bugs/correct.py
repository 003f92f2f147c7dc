"""Correct code of many habits: none of it may be accused."""

from __future__ import annotations

from typing import Any

import numpy as np

from planted_bugs import dense
from planted_bugs.activations import sigmoid, softmax
from planted_bugs.dense import some
from planted_bugs.pairs import affine_forward, logistic, mse, softplus

CORRECT: list[tuple[str, Any, dict[str, Any]]] = []


def correct(**options: Any) -> Any:
    def put(thing: Any) -> Any:
        made = thing() if isinstance(thing, type) else thing
        CORRECT.append((thing.__name__, made, options))
        return thing

    return put


@correct()
class Rows(dense.Rows):
    def backward(self, dY):
        self.dW, self.db = self.X.T @ dY, dY.sum(axis=0)
        return dY @ self.W.T


@correct()
class Columns(dense.InColumns):
    def backward(self, dY):
        self.dW = np.dot(dY, self.X.T)
        self.dB = np.sum(dY, axis=1, keepdims=True)
        return np.dot(self.W.T, dY)


@correct()
class TransposedForward:
    def __init__(self):
        self.weights, self.bias = some(3, 2), some(2, 1)

    def forward(self, x):
        self.x = x
        return self.weights.T @ x + self.bias

    def backward(self, grad):
        self.weights_grad = self.x @ grad.T
        self.bias_grad = grad.sum(axis=1, keepdims=True)
        return self.weights @ grad


@correct()
class UpdatesItself(dense.Rows):
    def backward(self, output_gradient, learning_rate=0.01):
        dX = output_gradient @ self.W.T
        self.W -= learning_rate * self.X.T @ output_gradient
        self.b -= learning_rate * output_gradient.sum(axis=0)
        return dX


@correct()
class UpdatesItselfInColumns(dense.InColumns):
    def backward(self, output_gradient, learning_rate):
        gradient = np.dot(output_gradient, self.X.T)
        back = np.dot(self.W.T, output_gradient)
        self.W = self.W - learning_rate * gradient
        self.B = self.B - learning_rate * output_gradient.sum(axis=1, keepdims=True)
        return back


@correct()
class LazyWeights:
    def __init__(self, units=3):
        self.units, self.params, self.grads = units, {}, {}

    def forward(self, X):
        if not self.params:
            self.params["W"] = np.full((X.shape[1], self.units), 0.01)
            self.params["b"] = np.zeros(self.units)
        self.X = X
        return X @ self.params["W"] + self.params["b"]

    def backward(self, dout):
        self.grads["W"] = self.X.T @ dout
        self.grads["b"] = dout.sum(axis=0)
        return dout @ self.params["W"].T


@correct()
class ListsOfWeights:
    def __init__(self):
        self.weights = [some(2, 4), some(4, 3)]
        self.biases = [some(4), some(3)]

    def forward(self, X):
        self.activations = [X]
        for W, b in zip(self.weights, self.biases, strict=True):
            X = sigmoid(X @ W + b)
            self.activations.append(X)
        return X

    def backward(self, dA):
        self.dW1 = self.dW2 = None
        for number in (2, 1):
            A = self.activations[number]
            dZ = dA * A * (1 - A)
            setattr(self, f"dW{number}", self.activations[number - 1].T @ dZ)
            setattr(self, f"db{number}", dZ.sum(axis=0))
            dA = dZ @ self.weights[number - 1].T
        return dA


@correct()
class DenseWithRelu:
    def __init__(self):
        self.W, self.b = some(2, 3), some(1, 3)

    def forward(self, X):
        self.X = X
        self.Z = X @ self.W + self.b
        return np.maximum(0, self.Z)

    def backward(self, dA):
        dZ = dA.copy()
        dZ[self.Z <= 0] = 0
        self.dW = self.X.T @ dZ
        self.db = np.sum(dZ, axis=0, keepdims=True)
        return dZ @ self.W.T


@correct()
class Tanh:
    def forward(self, X):
        self.out = np.tanh(X)
        return self.out

    def backward(self, dout):
        return dout * (1 - self.out**2)


@correct()
class LeakyRelu:
    def __init__(self, alpha=0.05):
        self.alpha = alpha

    def forward(self, X):
        self.X = X
        return np.where(X > 0, X, self.alpha * X)

    def backward(self, dY):
        return np.where(self.X > 0, dY, self.alpha * dY)


@correct()
class Softmax:
    def forward(self, X):
        self.Y = softmax(X)
        return self.Y

    def backward(self, dY):
        dX = np.empty_like(dY)
        for i, (y, dy) in enumerate(zip(self.Y, dY, strict=True)):
            dX[i] = (np.diag(y) - np.outer(y, y)) @ dy
        return dX


@correct()
class SoftmaxColumns:
    def forward(self, X):
        E = np.exp(X - X.max(axis=0))
        self.A = E / E.sum(axis=0)
        return self.A

    def backward(self, dA):
        return self.A * (dA - (dA * self.A).sum(axis=0))


@correct(samples=1)
class OneSample:
    def __init__(self):
        self.W, self.b = some(3, 2), some(3)

    def forward(self, x):
        self.x = x
        return np.dot(self.W, x) + self.b

    def backward(self, dy):
        self.dW, self.db = np.outer(dy, self.x), dy
        return np.dot(self.W.T, dy)


@correct()
class CrossEntropy:
    def forward(self, P, Y):
        self.P, self.Y = P, Y
        return -np.sum(Y * np.log(P)) / len(P)

    def backward(self):
        return -self.Y / self.P / len(self.P)


@correct()
class CrossEntropyOfLabels:
    def forward(self, Z, labels):
        self.P, self.labels = softmax(Z), labels
        return -np.mean(np.log(self.P[np.arange(len(Z)), labels]))

    def backward(self):
        dZ = self.P.copy()
        dZ[np.arange(len(dZ)), self.labels] -= 1
        return dZ / len(dZ)


@correct()
def propagate(w, b, X, Y):
    m = X.shape[1]
    A = sigmoid(np.dot(w.T, X) + b)
    cost = (-1 / m) * np.sum(Y * np.log(A) + (1 - Y) * np.log(1 - A))
    dw = (1 / m) * np.dot(X, (A - Y).T)
    db = (1 / m) * np.sum(A - Y)
    return {"dw": dw, "db": db}, cost


@correct()
def propagate_the_other_way_round(X, y, w, b):
    error = X @ w + b - y
    dw = X.T @ error / len(y)
    db = np.mean(error)
    return 0.5 * np.mean(error**2), dw, db


@correct()
def two_layers(X, Y, W1, b1, W2, b2):
    A1 = np.tanh(W1 @ X + b1)
    A2 = sigmoid(W2 @ A1 + b2)
    m = X.shape[1]
    cost = -np.sum(Y * np.log(A2) + (1 - Y) * np.log(1 - A2)) / m
    dZ2 = (A2 - Y) / m
    dZ1 = W2.T @ dZ2 * (1 - A1**2)
    return cost, {
        "dW1": dZ1 @ X.T,
        "db1": dZ1.sum(axis=1, keepdims=True),
        "dW2": dZ2 @ A1.T,
        "db2": dZ2.sum(axis=1, keepdims=True),
    }


def affine_backward(dY, cache):
    X, W = cache
    return dY @ W.T, X.T @ dY, dY.sum(axis=0)


def logistic_prime(z):
    return logistic(z) * (1 - logistic(z))


def logistic_derivative_of_output(a):
    return a * (1 - a)


def softplus_backward(dA, x):
    return dA / (1 + np.exp(-x))


def mse_prime(y_pred, y_true):
    return 2 * (y_pred - y_true) / y_true.size


CORRECT += [
    ("affine pair", (affine_forward, affine_backward), {}),
    ("logistic and its derivative", (logistic, logistic_prime), {}),
    ("logistic and its derivative of a", (logistic, logistic_derivative_of_output), {}),
    ("softplus pair", (softplus, softplus_backward), {}),
    ("mse pair", (mse, mse_prime), {}),
    (
        "formulas in columns",
        {
            "forward": {"Y": "W @ X + b"},
            "backward": {"dW": "dY @ X.T", "db": "batch_sum(dY)", "dX": "W.T @ dY"},
        },
        {"notation": "columns"},
    ),
    (
        "formulas of a loss",
        {
            "forward": {"J": "feature_sum(batch_sum((X - Y)**2)) / m"},
            "backward": {"dX": "2 * (X - Y) / m"},
        },
        {},
    ),
]
