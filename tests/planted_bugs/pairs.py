"""Planted bugs in pairs of functions: a layer's, an activation's, a loss's."""

from __future__ import annotations

import numpy as np

from planted_bugs.table import planted_pair


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


def tanh(Z):
    return np.tanh(Z)


def tanh_backward(dA, Z):
    return dA * (1 - Z**2)


def logistic(z):
    return 1 / (1 + np.exp(-z))


def logistic_backward(da, z):
    s = logistic(logistic(z))
    return da * s * (1 - s)


def softplus(x):
    return np.log(1 + np.exp(x))


def softplus_backward(dA, x):
    return -dA / (1 + np.exp(-x))


planted_pair("tanh_backward", "derivative at the wrong value", tanh, tanh_backward, "dZ")
planted_pair(
    "logistic_backward", "derivative at the wrong value", logistic, logistic_backward, "dz"
)
planted_pair("softplus_backward", "sign", softplus, softplus_backward, "dx")


def mse(y_pred, y_true):
    return np.mean((y_pred - y_true) ** 2)


def mse_prime(y_pred, y_true):
    return 2 * (y_true - y_pred) / y_true.size


planted_pair("mse_prime", "sign", mse, mse_prime, "dy_pred")


def half_squared(a, y):
    return 0.5 * np.sum((a - y) ** 2)


def half_squared_grad(a, y):
    return 2 * (a - y)


planted_pair(
    "half_squared_grad", "2 or ½", half_squared, half_squared_grad, "da", claim="convention"
)
