"""Backward passes in NumPy, right ones and ones with a fault: pairs of functions in a class."""

from __future__ import annotations

import numpy as np


def softmax(z):
    e = np.exp(z - z.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


class Linear:
    @staticmethod
    def forward(X, W, b):
        return X @ W.T + b, (X, W)

    @staticmethod
    def backward(saved, dy):
        X, W = saved
        return dy @ W, dy.T @ X, dy.sum(0)


class LinearFirstRow(Linear):
    """The bias takes the gradient of the first row of the batch."""

    @staticmethod
    def backward(saved, dy):
        X, W = saved
        return dy @ W, dy.T @ X, dy[0]


class LinearNotSummed(Linear):
    """The bias's gradient keeps the batch axis."""

    @staticmethod
    def backward(saved, dy):
        X, W = saved
        return dy @ W, dy.T @ X, dy


class LinearTransposed(Linear):
    """X' dY, which has the shape of W'."""

    @staticmethod
    def backward(saved, dy):
        X, W = saved
        return dy @ W, X.T @ dy, dy.sum(0)


class LinearByBatch(Linear):
    """The weights' gradient is averaged over the batch, and the bias's is not."""

    @staticmethod
    def backward(saved, dy):
        X, W = saved
        return dy @ W, dy.T @ X / len(X), dy.sum(0)


class LinearLastRowLost(Linear):
    """The loop over rows ends one row early."""

    @staticmethod
    def backward(saved, dy):
        X, W = saved
        return dy @ W, dy[:-1].T @ X[:-1], dy.sum(0)


class LinearSwapped(Linear):
    """The gradients by weights and bias come back in each other's place."""

    @staticmethod
    def backward(saved, dy):
        X, W = saved
        return dy @ W, dy.sum(0), dy.T @ X


class LinearNone(Linear):
    """No gradient for the bias."""

    @staticmethod
    def backward(saved, dy):
        X, W = saved
        return dy @ W, dy.T @ X, None


class LinearTwo(Linear):
    """Two gradients for three inputs."""

    @staticmethod
    def backward(saved, dy):
        X, W = saved
        return dy @ W, dy.T @ X


class LinearNaN(Linear):
    """0/0 where an entry is small."""

    @staticmethod
    def backward(saved, dy):
        X, W = saved
        dx = dy @ W
        with np.errstate(all="ignore"):
            return dx * np.where(np.abs(dx) < np.inf, np.zeros_like(dx) / np.zeros_like(dx), 1), dy.T @ X, dy.sum(0)


class SquareLinear:
    @staticmethod
    def forward(X, W):
        return X @ W, (X, W)

    @staticmethod
    def backward(saved, dy):
        X, W = saved
        return dy @ W.T, X.T @ dy


class SquareLinearUntransposed(SquareLinear):
    """W for W' in the input's gradient: the shapes fit."""

    @staticmethod
    def backward(saved, dy):
        X, W = saved
        return dy @ W, X.T @ dy


class LogisticRegression:
    @staticmethod
    def forward(X, w, b, t):
        p = sigmoid(X @ w + b)
        return -np.mean(t * np.log(p) + (1 - t) * np.log(1 - p)), p

    @staticmethod
    def backward(X, t, saved, upstream):
        d = upstream * (saved - t) / len(t)
        return {"w": X.T @ d, "b": d.sum()}


class LogisticRegressionSum(LogisticRegression):
    """The loss is a mean, and the gradient that of the sum."""

    @staticmethod
    def backward(X, t, saved, upstream):
        d = upstream * (saved - t)
        return {"w": X.T @ d, "b": d.sum()}


class LogisticRegressionSign(LogisticRegression):
    """t − p."""

    @staticmethod
    def backward(X, t, saved, upstream):
        d = upstream * (t - saved) / len(t)
        return {"w": X.T @ d, "b": d.sum()}


class LogisticRegressionIgnored(LogisticRegression):
    """As if the loss were the end of everything."""

    @staticmethod
    def backward(X, t, saved, upstream):
        d = (saved - t) / len(t)
        return {"w": X.T @ d, "b": d.sum()}


class Mlp:
    @staticmethod
    def forward(x, t, W1, b1, W2, b2):
        z1 = W1 @ x + b1
        h1 = np.tanh(z1)
        z2 = W2 @ h1 + b2
        return 0.5 * np.sum((z2 - t) ** 2), (x, t, z1, h1, z2, W2)

    @staticmethod
    def through(z1, h1):
        return 1 - h1**2

    @classmethod
    def backward(cls, saved, g):
        x, t, z1, h1, z2, W2 = saved
        d2 = g * (z2 - t)
        d1 = (W2.T @ d2) * cls.through(z1, h1)
        return {"W1": np.outer(d1, x), "b1": d1, "W2": np.outer(d2, h1), "b2": d2}


class MlpWrongOperand(Mlp):
    """1 − z² for 1 − h²."""

    @staticmethod
    def through(z1, h1):
        return 1 - z1**2


class MlpNoSlope(Mlp):
    """tanh' is left out."""

    @staticmethod
    def through(z1, h1):
        return np.ones_like(h1)


class MlpInput(Mlp):
    """The second layer's weights see z1 where they should see h1."""

    @classmethod
    def backward(cls, saved, g):
        _, t, z1, _, z2, _ = saved
        return {**Mlp.backward(saved, g), "W2": np.outer(g * (z2 - t), z1)}


class LogSoftmax:
    @staticmethod
    def forward(z):
        p = softmax(z)
        return np.log(p), p

    @staticmethod
    def backward(saved, dy):
        return dy - saved * dy.sum(-1, keepdims=True)


class LogSoftmaxSumOne(LogSoftmax):
    """Right where the upstream gradient sums to one, as that of a cross-entropy does."""

    @staticmethod
    def backward(saved, dy):
        return dy - saved


class LogSoftmaxWrongAxis(LogSoftmax):
    """The sum runs over the batch."""

    @staticmethod
    def backward(saved, dy):
        return dy - saved * dy.sum(0, keepdims=True)


class Softmax:
    @staticmethod
    def forward(z):
        p = softmax(z)
        return p, p

    @staticmethod
    def backward(saved, dy):
        return saved * (dy - (dy * saved).sum(-1, keepdims=True))


class SoftmaxDiagonal(Softmax):
    """p (1 − p): the diagonal of the Jacobian alone."""

    @staticmethod
    def backward(saved, dy):
        return dy * saved * (1 - saved)


class Normalise:
    @staticmethod
    def forward(x, eps):
        r = np.sqrt((x * x).sum(-1, keepdims=True) + eps)
        return x / r, (x / r, r)

    @staticmethod
    def backward(saved, dy):
        y, r = saved
        return (dy - y * (y * dy).sum(-1, keepdims=True)) / r, None


class NormaliseScaled(Normalise):
    """The length is taken as constant."""

    @staticmethod
    def backward(saved, dy):
        return dy / saved[1], None


class NormaliseEps(Normalise):
    """√ + ε in the backward pass, √(… + ε) in the forward pass."""

    @staticmethod
    def forward(x, eps):
        y, _ = Normalise.forward(x, eps)
        return y, (x, eps)

    @staticmethod
    def backward(saved, dy):
        x, eps = saved
        r = np.sqrt((x * x).sum(-1, keepdims=True)) + eps
        return Normalise.backward((x / r, r), dy)


class Rotary:
    @staticmethod
    def forward(q, theta):
        a, b = q[..., 0], q[..., 1]
        c, s = np.cos(theta), np.sin(theta)
        return np.stack([a * c - b * s, b * c + a * s], -1), (c, s)

    @staticmethod
    def backward(saved, dy):
        c, s = saved
        a, b = dy[..., 0], dy[..., 1]
        return np.stack([a * c + b * s, b * c - a * s], -1), None


class RotaryForward(Rotary):
    """The backward pass turns the way of the forward pass."""

    @staticmethod
    def backward(saved, dy):
        c, s = saved
        a, b = dy[..., 0], dy[..., 1]
        return np.stack([a * c - b * s, b * c + a * s], -1), None


class LeakyRelu:
    @staticmethod
    def forward(x, a):
        return np.where(x > 0, x, a * x), (x, a)

    @staticmethod
    def backward(saved, dy):
        x, a = saved
        return np.where(x > 0, dy, a * dy), None


class LeakyReluWrongWay(LeakyRelu):
    """The condition is the wrong way round."""

    @staticmethod
    def backward(saved, dy):
        x, a = saved
        return np.where(x < 0, dy, a * dy), None


class LeakyReluOverwrites(LeakyRelu):
    """The upstream gradient is scaled where it stands."""

    @staticmethod
    def backward(saved, dy):
        x, a = saved
        dy[x <= 0] *= a
        return dy.copy(), None


class LeakyReluTwice(LeakyRelu):
    """What was saved is scaled where it stands: the second pass gives another gradient."""

    @staticmethod
    def forward(x, a):
        return np.where(x > 0, x, a * x), np.where(x > 0, 1.0, a)

    @staticmethod
    def backward(saved, dy):
        saved *= dy
        return saved.copy(), None


class LeakyReluMemory(LeakyRelu):
    """Reads the upstream gradient as if one entry came after the other."""

    @staticmethod
    def backward(saved, dy):
        x, a = saved
        raw = np.lib.stride_tricks.as_strided(dy, dy.shape, (dy.shape[1] * dy.itemsize, dy.itemsize))
        return np.where(x > 0, raw, a * raw), None


class LeakyReluSingle(LeakyRelu):
    """float32 inside."""

    @staticmethod
    def backward(saved, dy):
        x, a = saved
        return np.where(x > 0, dy.astype(np.float32), np.float32(a) * dy.astype(np.float32)).astype(np.float64), None


class Embedding:
    @staticmethod
    def forward(E, c):
        return E[c], (c, E.shape)

    @staticmethod
    def backward(saved, dy):
        c, shape = saved
        dE = np.zeros(shape)
        np.add.at(dE, c, dy)
        return dE, None


class EmbeddingShifted(Embedding):
    """Takes classes that count from 0 for ones that count from 1."""

    @staticmethod
    def backward(saved, dy):
        c, shape = saved
        dE = np.zeros(shape)
        np.add.at(dE, c - 1, dy)
        return dE, None


class EmbeddingOverwritten(Embedding):
    """A row that is used twice keeps the last of its gradients."""

    @staticmethod
    def backward(saved, dy):
        c, shape = saved
        dE = np.zeros(shape)
        dE[c] = dy
        return dE, None


class Ridge:
    @staticmethod
    def forward(x, y, w, lam):
        e = x @ w - y
        return np.mean(0.5 * e**2) + lam / 2 * w @ w, (x, e, w, lam)

    @staticmethod
    def backward(saved, g):
        x, e, w, lam = saved
        return {"w": g * (x.T @ e / len(e) + lam * w)}


class RidgeCountedOften(Ridge):
    """The penalty is counted for each example."""

    @staticmethod
    def backward(saved, g):
        x, e, w, lam = saved
        return {"w": g * (x.T @ e / len(e) + lam * w * len(e))}


class RidgeNoPenalty(Ridge):
    """The penalty is left out of the gradient."""

    @staticmethod
    def backward(saved, g):
        x, e, _, _ = saved
        return {"w": g * (x.T @ e / len(e))}


class MeanForward(LogisticRegression):
    """A sum where the sheet has a mean, and the gradient of the sum."""

    @staticmethod
    def forward(X, w, b, t):
        value, p = LogisticRegression.forward(X, w, b, t)
        return value * len(t), p

    backward = LogisticRegressionSum.backward
