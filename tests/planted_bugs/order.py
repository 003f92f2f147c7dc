# ruff: noqa: RET504 - some students name what they return
"""Planted bugs of order and count in dense layers: overwritten, updated too early, scaled."""

from __future__ import annotations

import numpy as np

from planted_bugs.dense import InColumns, Rows, some
from planted_bugs.table import planted


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
