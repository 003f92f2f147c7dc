"""Planted bugs in losses, in networks that end in one, and in `propagate` functions."""

from __future__ import annotations

import numpy as np

from planted_bugs.activations import sigmoid, softmax
from planted_bugs.table import planted


class MeanSquared:
    def forward(self, A, Y):
        self.A, self.Y = A, Y
        return np.mean((A - Y) ** 2)


@planted("1/n", "dA", claim="convention")
class MeanForgotten(MeanSquared):
    def backward(self):
        return 2 * (self.A - self.Y)


@planted("2 or ½", "dA", claim="convention")
class TwoForgotten(MeanSquared):
    def backward(self):
        return (self.A - self.Y) / self.A.size


@planted("sign", "dA")
class TargetMinusOutput(MeanSquared):
    def backward(self):
        return 2 * (self.Y - self.A) / self.A.size


@planted("2 or ½", "dA", claim="convention", notation="columns")
class HalfInTheValueOnly:
    def forward(self, A, Y):
        self.m = A.shape[1]
        self.diff = A - Y
        return 0.5 * np.sum(self.diff**2) / self.m

    def backward(self):
        return 2 * self.diff / self.m


@planted("1/n", "dZ", claim="convention")
class DividedTwice:
    """Softmax and cross-entropy on logits, divided by m in the value once, here twice."""

    def forward(self, Z, Y):
        self.P, self.Y = softmax(Z), Y
        return -np.sum(Y * np.log(self.P)) / len(Z)

    def backward(self):
        m = len(self.Y)
        dZ = (self.P - self.Y) / m
        return dZ / m


@planted("softmax twice", "dZ")
class LossOnSoftmaxOfSoftmax:
    def forward(self, Z, Y):
        self.P, self.Y = softmax(Z), Y
        return -np.sum(Y * np.log(softmax(self.P))) / len(Z)

    def backward(self):
        return (self.P - self.Y) / len(self.Y)


@planted("softmax twice", "dZ")
class GradientOfSoftmaxOfSoftmax:
    def forward(self, Z, Y):
        self.P, self.Y = softmax(Z), Y
        return -np.sum(Y * np.log(self.P))

    def backward(self):
        return softmax(self.P) - self.Y


@planted("softmax as elementwise", "dZ")
class CrossEntropyThroughDiagonal:
    def forward(self, Z, Y):
        self.P, self.Y = softmax(Z), Y
        return -np.sum(Y * np.log(self.P)) / len(Z)

    def backward(self):
        dP = -self.Y / self.P / len(self.Y)
        return dP * self.P * (1 - self.P)


# Logistic regression as in a course: samples in columns, w (n, 1), z = wᵀX + b.


@planted("1/n", "dw")
def propagate_without_mean(w, b, X, Y):
    m = X.shape[1]
    A = sigmoid(np.dot(w.T, X) + b)
    cost = (-1 / m) * np.sum(Y * np.log(A) + (1 - Y) * np.log(1 - A))
    dw = np.dot(X, (A - Y).T)
    db = (1 / m) * np.sum(A - Y)
    grads = {"dw": dw, "db": db}
    return grads, cost


@planted("1/n", "dw", "db", claim="convention")
def propagate_sum_against_mean(w, b, X, Y):
    m = X.shape[1]
    A = sigmoid(np.dot(w.T, X) + b)
    cost = -np.sum(Y * np.log(A) + (1 - Y) * np.log(1 - A)) / m
    return cost, {"dw": np.dot(X, (A - Y).T), "db": np.sum(A - Y)}


@planted("sign", "dw", "db")
def propagate_wrong_sign(w, b, X, Y):
    m = X.shape[1]
    A = sigmoid(np.dot(w.T, X) + b)
    cost = -np.sum(Y * np.log(A) + (1 - Y) * np.log(1 - A)) / m
    dw = np.dot(X, (Y - A).T) / m
    db = np.sum(Y - A) / m
    return {"dw": dw, "db": db}, cost


@planted("derivative left out", "dw", "db")
def squared_error_without_slope(X, Y, w, b):
    m = len(X)
    A = sigmoid(X @ w + b)
    cost = np.sum((A - Y) ** 2) / (2 * m)
    dw = X.T @ (A - Y) / m
    db = np.sum(A - Y, axis=0) / m
    return cost, dw, db


@planted("2 or ½", "dw", "db", claim="convention")
def linear_regression(X, y, w, b):
    m = X.shape[0]
    error = X @ w + b - y
    loss = np.sum(error**2) / m
    dw = X.T @ error / m
    db = np.sum(error) / m
    return loss, dw, db


@planted("derivative left out", "dW1", "db1")
def two_layers_without_slope(W1, b1, W2, b2, X, Y):
    m = X.shape[1]
    A1 = np.tanh(W1 @ X + b1)
    A2 = sigmoid(W2 @ A1 + b2)
    cost = -np.sum(Y * np.log(A2) + (1 - Y) * np.log(1 - A2)) / m
    dZ2 = A2 - Y
    dW2 = dZ2 @ A1.T / m
    db2 = np.sum(dZ2, axis=1, keepdims=True) / m
    dZ1 = W2.T @ dZ2
    dW1 = dZ1 @ X.T / m
    db1 = np.sum(dZ1, axis=1, keepdims=True) / m
    return {"dW1": dW1, "db1": db1, "dW2": dW2, "db2": db2}, cost


@planted("not summed over the batch", "db2")
def two_layers_bias_not_summed(X, Y, W1, b1, W2, b2):
    m = len(X)
    A1 = np.maximum(X @ W1 + b1, 0)
    P = softmax(A1 @ W2 + b2)
    loss = -np.sum(Y * np.log(P)) / m
    dZ2 = (P - Y) / m
    dW2, db2 = A1.T @ dZ2, dZ2
    dZ1 = (dZ2 @ W2.T) * (A1 > 0)
    return loss, {"dW1": X.T @ dZ1, "db1": dZ1.sum(axis=0), "dW2": dW2, "db2": db2}
