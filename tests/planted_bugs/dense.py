"""Planted bugs in fully connected layers, in rows and in columns, by batch and by sample."""

from __future__ import annotations

import numpy as np

from planted_bugs.table import planted


def some(*shape):
    count = int(np.prod(shape))
    return (np.arange(count) % 7 - 3.3).reshape(shape) / 4


class Rows:
    """What a layer in rows has in common; its slips are in the classes below."""

    def __init__(self, n_in=2, n_out=3):
        self.W = some(n_in, n_out)
        self.b = some(n_out)

    def forward(self, X):
        self.X = X
        return X @ self.W + self.b


class InColumns:
    def __init__(self, n_in=2, n_out=3):
        self.W = some(n_out, n_in)
        self.B = some(n_out, 1)

    def forward(self, X):
        self.X = X
        return np.dot(self.W, X) + self.B


@planted("transpose", "dX", make=(3, 3))
class NoTransposeSquare(Rows):
    def backward(self, dY):
        self.dW = self.X.T @ dY
        self.db = dY.sum(axis=0)
        return dY @ self.W


@planted("transpose", "dX", make=(2, 2), notation="columns")
class NoTransposeColumns(InColumns):
    def backward(self, dY):
        self.dW = dY @ self.X.T
        self.dB = dY.sum(axis=1, keepdims=True)
        return self.W @ dY


@planted("transpose", "dX", make=(2, 3))
class NoTransposeStops(Rows):
    def backward(self, dY):
        self.dW = self.X.T @ dY
        self.db = dY.sum(axis=0)
        return dY @ self.W


@planted("transpose", "dW", make=(2, 3))
class WeightGradientTurned(Rows):
    def backward(self, dY):
        dW = dY.T @ self.X
        db = dY.sum(axis=0)
        return dY @ self.W.T, dW, db


@planted("transpose", "dW", make=(2, 2), notation="columns")
class WeightGradientTurnedColumns(InColumns):
    def backward(self, dY):
        dW = np.dot(self.X, dY.T)
        dB = np.sum(dY, axis=1, keepdims=True)
        dX = np.dot(self.W.T, dY)
        return dX, dW, dB


@planted("transpose", "dx")
class TransposedForward:
    """z = Wᵀx + b, and W carried back with its transpose."""

    def __init__(self):
        self.weights = some(3, 3)
        self.bias = some(3, 1)

    def forward(self, x):
        self.x = x
        return self.weights.T @ x + self.bias

    def backward(self, dz):
        self.dweights = self.x @ dz.T
        self.dbias = dz.sum(axis=1, keepdims=True)
        return self.weights.T @ dz


@planted("sign", "dW")
class MinusWeight(Rows):
    def backward(self, dY):
        self.grads = {"W": -self.X.T @ dY, "b": dY.sum(axis=0)}
        return dY @ self.W.T


@planted("sign", "dX", notation="columns")
class MinusInput(InColumns):
    def backward(self, dY):
        self.dW = dY @ self.X.T
        self.dB = dY.sum(axis=1, keepdims=True)
        return -self.W.T @ dY


@planted("bias averaged", "db")
class MeanBias(Rows):
    def backward(self, dY):
        self.dW = self.X.T @ dY
        self.db = dY.mean(axis=0)
        return dY @ self.W.T


@planted("bias averaged", "dB")
class MeanBiasColumns(InColumns):
    def backward(self, dY):
        m = dY.shape[1]
        self.dW = np.dot(dY, self.X.T)
        self.dB = np.sum(dY, axis=1, keepdims=True) / m
        return np.dot(self.W.T, dY)


@planted("bias averaged", "grad_b")
class MeanBiasOtherNames:
    def __init__(self):
        self.w, self.b = some(2, 3), some(1, 3)

    def forward(self, inputs):
        self.inputs = inputs
        return np.dot(inputs, self.w) + self.b

    def backward(self, grad_output):
        self.grad_w = np.dot(self.inputs.T, grad_output)
        self.grad_b = np.mean(grad_output, axis=0, keepdims=True)
        return np.dot(grad_output, self.w.T)


@planted("not summed over the batch", "db")
class BiasNotSummed(Rows):
    def backward(self, dY):
        self.dW = self.X.T @ dY
        self.db = dY
        return dY @ self.W.T


@planted("not summed over the batch", "dB")
class BiasNotSummedColumns(InColumns):
    """dB = dY, as a text has it that thinks of one sample."""

    def backward(self, dY):
        self.dW = dY @ self.X.T
        self.dB = dY
        return self.W.T @ dY


@planted("not summed over the batch", "db")
class FirstSampleOnly(Rows):
    def backward(self, dY):
        self.dW = self.X.T @ dY
        self.db = dY[0]
        return dY @ self.W.T


@planted("wrong axis", "db")
class BiasOverFeatures(Rows):
    def backward(self, dY):
        self.dW = self.X.T @ dY
        self.db = dY.sum(axis=1)
        return dY @ self.W.T


@planted("wrong axis", "dB")
class BiasOverFeaturesColumns(InColumns):
    def backward(self, dY):
        self.dW = dY @ self.X.T
        self.dB = np.sum(dY, axis=0, keepdims=True)
        return self.W.T @ dY


@planted("wrong axis", "db")
class BiasOverEverything(Rows):
    def backward(self, dY):
        self.dW = self.X.T @ dY
        self.db = np.sum(dY)
        return dY @ self.W.T


@planted("transpose", "dx", samples=1)
class SingleSample:
    """One sample at a time, as vectors: outer products."""

    def __init__(self):
        self.W, self.b = some(3, 3), some(3)

    def forward(self, x):
        self.x = x
        return self.W @ x + self.b

    def backward(self, dy):
        self.dW = np.outer(dy, self.x)
        self.db = dy
        return self.W @ dy


@planted("sign", "dw")
class OneNeuron:
    """σ(X w + b) with w (n,) and a plain number b: one output without an axis for it."""

    def __init__(self):
        self.w, self.b = some(3), 0.5

    def forward(self, X):
        self.X = X
        self.a = 1 / (1 + np.exp(-(X @ self.w + self.b)))
        return self.a

    def backward(self, da):
        dz = da * self.a * (1 - self.a)
        self.dw = -self.X.T @ dz
        self.db = dz.sum()
        return np.outer(dz, self.w)
