# ruff: noqa: RET504 - some students name what they return
"""Planted bugs in fully connected layers, in rows and in columns, by batch and by sample."""

from __future__ import annotations

import numpy as np

from planted_bugs.table import planted, planted_pair


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


@planted("gradient overwritten", "dW", "db")
class LoopOverwrites(Rows):
    def backward(self, dY):
        dX = np.zeros_like(self.X)
        for i in range(len(dY)):
            self.dW = np.outer(self.X[i], dY[i])
            self.db = dY[i]
            dX[i] = self.W @ dY[i]
        return dX


@planted("gradient overwritten", "dX", make=(3, 3))
class ResidualForgets(Rows):
    def forward(self, X):
        return X + super().forward(X)

    def backward(self, dY):
        self.dW = self.X.T @ dY
        self.db = dY.sum(axis=0)
        dX = dY
        dX = dY @ self.W.T
        return dX


@planted("gradient overwritten", "dW")
class TiedWeights:
    """Y = X W Wᵀ: an autoencoder with one matrix for both ways."""

    def __init__(self):
        self.W = some(3, 2)

    def forward(self, X):
        self.X = X
        self.H = X @ self.W
        return self.H @ self.W.T

    def backward(self, dY):
        self.dW = dY.T @ self.H
        dH = dY @ self.W
        self.dW = self.X.T @ dH
        return dH @ self.W.T


@planted("updated before use", "dX")
class UpdatesFirst(Rows):
    def backward(self, dY, learning_rate):
        self.W = self.W - learning_rate * self.X.T @ dY
        self.b = self.b - learning_rate * dY.sum(axis=0)
        return dY @ self.W.T


@planted("updated before use", "dX")
class UpdatesFirstColumns(InColumns):
    def __init__(self, n_in=2, n_out=3, lr=0.05):
        super().__init__(n_in, n_out)
        self.lr = lr

    def backward(self, dY):
        dW = np.dot(dY, self.X.T)
        dB = np.sum(dY, axis=1, keepdims=True)
        self.W -= self.lr * dW
        self.B -= self.lr * dB
        return np.dot(self.W.T, dY)


@planted("updated before use", "dW1", "db1")
class TwoLayersUpdatedInTurn:
    """Y = tanh(X W1 + b1) W2 + b2, the second layer updated before it carries the error back."""

    def __init__(self):
        self.W1, self.b1, self.W2, self.b2 = some(2, 4), some(4), some(4, 3), some(3)

    def forward(self, X):
        self.X = X
        self.A1 = np.tanh(X @ self.W1 + self.b1)
        return self.A1 @ self.W2 + self.b2

    def backward(self, dY, lr=0.1):
        dW2 = self.A1.T @ dY
        db2 = dY.sum(axis=0)
        self.W2 = self.W2 - lr * dW2
        self.b2 = self.b2 - lr * db2
        dZ1 = (dY @ self.W2.T) * (1 - self.A1**2)
        dW1 = self.X.T @ dZ1
        db1 = dZ1.sum(axis=0)
        self.W1 = self.W1 - lr * dW1
        self.b1 = self.b1 - lr * db1


@planted("1/n", "dW", "db", claim="convention")
class EverythingOverM(Rows):
    def backward(self, dY):
        m = len(dY)
        self.dW = self.X.T @ dY / m
        self.db = dY.sum(axis=0) / m
        return dY @ self.W.T


@planted("1/n", "dW")
class WeightOverM(Rows):
    def backward(self, dY):
        self.dW = (1 / len(dY)) * self.X.T @ dY
        self.db = dY.sum(axis=0)
        return dY @ self.W.T


@planted("2 or ½", "dW")
class TwiceTheWeight(Rows):
    def backward(self, dY):
        self.dW = 2 * self.X.T @ dY
        self.db = dY.sum(axis=0)
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


def affine_forward(X, W, b):
    return X @ W + b, (X, W)


def affine_backward(dY, cache):
    X, W = cache
    dX = dY @ W.T
    dW = X.T @ dY
    db = dY.sum(axis=1)
    return dX, dW, db


planted_pair("affine_backward over axis 1", "wrong axis", affine_forward, affine_backward, "db")


def linear(X, W, b):
    return np.dot(W, X) + b


def linear_backward(dZ, X, W):
    dW = np.dot(dZ, X.T)
    db = np.mean(dZ, axis=1, keepdims=True)
    dX = np.dot(W.T, dZ)
    return dX, dW, db


planted_pair("linear_backward with a mean", "bias averaged", linear, linear_backward, "db")
