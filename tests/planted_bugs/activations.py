# ruff: noqa: RET504 - some students name what they return
"""Planted bugs in activations: alone, inside a dense layer, and as pairs of functions."""

from __future__ import annotations

import numpy as np

from planted_bugs.dense import some
from planted_bugs.table import planted


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def sigmoid_prime(z):
    return sigmoid(z) * (1 - sigmoid(z))


def softmax(X):
    E = np.exp(X - X.max(axis=1, keepdims=True))
    return E / E.sum(axis=1, keepdims=True)


class Sigmoid:
    def forward(self, X):
        self.X = X
        self.Y = sigmoid(X)
        return self.Y


@planted("derivative left out", "dX")
class PassesThrough(Sigmoid):
    def backward(self, dY):
        return dY


@planted("derivative left out", "dW", "db", "dX")
class DenseWithoutSlope:
    def __init__(self):
        self.W, self.b = some(2, 3), some(3)

    def forward(self, X):
        self.X = X
        self.Z = X @ self.W + self.b
        self.A = np.tanh(self.Z)
        return self.A

    def backward(self, dA):
        dZ = dA
        self.dW = self.X.T @ dZ
        self.db = dZ.sum(axis=0)
        return dZ @ self.W.T


@planted("derivative left out", "dX")
class ReluForgetsItsMask:
    def forward(self, X):
        self.X = X
        return np.maximum(X, 0)

    def backward(self, dY):
        return dY


@planted("derivative left out", "dW1", "db1", "dX")
class TwoLayersWithoutSlope:
    """Samples in columns, a hidden sigmoid whose derivative is missing."""

    def __init__(self):
        self.W1, self.b1 = some(4, 2), some(4, 1)
        self.W2, self.b2 = some(3, 4), some(3, 1)

    def forward(self, X):
        self.X = X
        self.A1 = sigmoid(self.W1 @ X + self.b1)
        return self.W2 @ self.A1 + self.b2

    def backward(self, dZ2):
        self.dW2 = dZ2 @ self.A1.T
        self.db2 = dZ2.sum(axis=1, keepdims=True)
        dZ1 = self.W2.T @ dZ2
        self.dW1 = dZ1 @ self.X.T
        self.db1 = dZ1.sum(axis=1, keepdims=True)
        return self.W1.T @ dZ1


@planted("derivative at the wrong value", "dX")
class PrimeOfTheOutput(Sigmoid):
    def backward(self, dY):
        return dY * sigmoid_prime(self.Y)


@planted("derivative at the wrong value", "dX")
class FormulaOnTheInput(Sigmoid):
    def backward(self, dY):
        return dY * self.X * (1 - self.X)


@planted("derivative at the wrong value", "dX")
class TanhOnTheInput:
    def forward(self, X):
        self.X = X
        return np.tanh(X)

    def backward(self, dY):
        return dY * (1 - self.X**2)


@planted("derivative at the wrong value", "dW", "dB", "dX", notation="columns")
class DenseAtTheOutput:
    def __init__(self):
        self.W, self.B = some(3, 2), some(3, 1)

    def forward(self, X):
        self.X = X
        self.A = np.tanh(self.W @ X + self.B)
        return self.A

    def backward(self, dA):
        dZ = dA * (1 - np.tanh(self.A) ** 2)
        self.dW = dZ @ self.X.T
        self.dB = dZ.sum(axis=1, keepdims=True)
        return self.W.T @ dZ


@planted("derivative at the wrong value", "dX")
class MaskOfTheGradient:
    def forward(self, X):
        self.X = X
        return np.maximum(0, X)

    def backward(self, dY):
        return dY * (dY > 0)


@planted("sign", "dX")
class TanhWithTheWrongSign:
    def forward(self, X):
        self.Y = np.tanh(X)
        return self.Y

    def backward(self, dY):
        return dY * (self.Y**2 - 1)


@planted("2 or ½", "dX")
class HalfTanh:
    def forward(self, X):
        self.Y = np.tanh(X)
        return self.Y

    def backward(self, dY):
        return 0.5 * dY * (1 - self.Y * self.Y)


class Softmax:
    def forward(self, X):
        self.X = X
        self.Y = softmax(X)
        return self.Y


@planted("softmax as elementwise", "dX")
class SoftmaxLikeSigmoid(Softmax):
    def backward(self, dY):
        return dY * self.Y * (1 - self.Y)


@planted("softmax as elementwise", "dX", notation="columns")
class SoftmaxLikeSigmoidColumns:
    def forward(self, X):
        E = np.exp(X - np.max(X, axis=0))
        self.A = E / np.sum(E, axis=0)
        return self.A

    def backward(self, dA):
        dZ = dA * self.A * (1 - self.A)
        return dZ


@planted("softmax as elementwise", "dW", "db", "dX")
class OutputLayerLikeSigmoid:
    def __init__(self):
        self.W, self.b = some(2, 3), some(3)

    def forward(self, X):
        self.X = X
        self.A = softmax(X @ self.W + self.b)
        return self.A

    def backward(self, dA):
        dZ = dA * self.A * (1 - self.A)
        self.dW = self.X.T @ dZ
        self.db = dZ.sum(axis=0)
        return dZ @ self.W.T


@planted("derivative left out", "dX")
class SoftmaxPassesThrough(Softmax):
    def backward(self, dY):
        return dY


@planted("softmax twice", "dX")
class SoftmaxOfItsOutput(Softmax):
    def backward(self, dY):
        P = softmax(self.Y)
        return P * (dY - (dY * P).sum(axis=1, keepdims=True))


@planted("softmax twice", "dX")
class TwoSoftmaxesOneBackward:
    def forward(self, X):
        self.P = softmax(X)
        return softmax(self.P)

    def backward(self, dY):
        P = self.P
        return P * (dY - (dY * P).sum(axis=1, keepdims=True))


@planted("wrong axis", "dX", notation="rows")
class SoftmaxSumsOverSamples(Softmax):
    def backward(self, dY):
        return self.Y * (dY - (dY * self.Y).sum(axis=0))


@planted("wrong axis", "dX", notation="columns")
class SoftmaxSumsOverSamplesColumns:
    def forward(self, X):
        E = np.exp(X)
        self.A = E / E.sum(axis=0)
        return self.A

    def backward(self, dA):
        return self.A * (dA - np.sum(dA * self.A, axis=1, keepdims=True))


@planted("wrong axis", "dX", notation="rows")
class SoftmaxForwardOverSamples:
    def forward(self, X):
        E = np.exp(X)
        self.Y = E / E.sum(axis=0)
        return self.Y

    def backward(self, dY):
        return self.Y * (dY - (dY * self.Y).sum(axis=1, keepdims=True))


@planted("gradient overwritten", "dX")
class Swish:
    """x σ(x): x is used twice."""

    def forward(self, X):
        self.X = X
        self.S = sigmoid(X)
        return X * self.S

    def backward(self, dY):
        dX = dY * self.S
        dX = dY * self.X * self.S * (1 - self.S)
        return dX


@planted("gradient overwritten", "dX")
class CubeByParts:
    """No formula for this one in any table: the uses of X are told apart by the numbers."""

    def forward(self, X):
        self.X = X
        return X * np.sin(X) * np.exp(-X)

    def backward(self, dY):
        X = self.X
        return dY * (np.sin(X) * np.exp(-X) + X * np.cos(X) * np.exp(-X))
