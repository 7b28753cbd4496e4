"""Backward passes as `torch.autograd.Function`s, right ones and ones with a fault."""

from __future__ import annotations

import math

import torch
from torch.autograd import Function


class RmsNorm(Function):
    @staticmethod
    def forward(ctx, x, g, eps=1e-6):
        r = torch.sqrt((x * x).mean(-1, keepdim=True) + eps)
        ctx.save_for_backward(x, g, r)
        return g * x / r

    @staticmethod
    def backward(ctx, dy):
        x, g, r = ctx.saved_tensors
        h, dh = x / r, dy * g
        return (dh - h * (dh * h).mean(-1, keepdim=True)) / r, (dy * h).sum(0), None


class RmsNormSum(RmsNorm):
    """A sum over the row for the mean."""

    @staticmethod
    def backward(ctx, dy):
        x, g, r = ctx.saved_tensors
        h, dh = x / r, dy * g
        return (dh - h * (dh * h).sum(-1, keepdim=True)) / r, (dy * h).sum(0), None


class RmsNormWithoutGain(RmsNorm):
    """The gain is left out of the input's gradient."""

    @staticmethod
    def backward(ctx, dy):
        x, _, r = ctx.saved_tensors
        h = x / r
        return (dy - h * (dy * h).mean(-1, keepdim=True)) / r, (dy * h).sum(0), None


class RmsNormInPlace(RmsNorm):
    """Writes into the upstream gradient, then uses it again."""

    @staticmethod
    def backward(ctx, dy):
        x, g, r = ctx.saved_tensors
        h, dh = x / r, dy.mul_(g)
        return (dh - h * (dh * h).mean(-1, keepdim=True)) / r, (dy * h).sum(0), None


class RmsNormIgnored(RmsNorm):
    """The upstream gradient is ignored."""

    @staticmethod
    def backward(ctx, dy):
        return RmsNorm.backward(ctx, torch.ones_like(dy))


class RmsNormSingle(RmsNorm):
    """float32 inside."""

    @staticmethod
    def backward(ctx, dy):
        x, g, r = (t.float() for t in ctx.saved_tensors)
        h, dh = x / r, dy.float() * g
        return (dh - h * (dh * h).mean(-1, keepdim=True)) / r, (dy.float() * h).sum(0), None


class RmsNormContiguous(RmsNorm):
    """Reads the upstream gradient by its address, as a kernel does."""

    @staticmethod
    def backward(ctx, dy):
        raw = torch.as_strided(dy, dy.shape, (dy.shape[1], 1)) if min(dy.stride()) > 0 else dy
        return RmsNorm.backward(ctx, raw)


class RmsNormView(RmsNorm):
    """`view` on the upstream gradient."""

    @staticmethod
    def backward(ctx, dy):
        return RmsNorm.backward(ctx, dy.view(-1).view(dy.shape))


class AddNorm(Function):
    @staticmethod
    def forward(ctx, x, s, g, eps):
        h = x + s
        y = RmsNorm.forward(ctx, h, g, eps)
        return y, h

    @staticmethod
    def backward(ctx, dy, dh):
        through, dg, _ = RmsNorm.backward(ctx, dy)
        return through + dh, through + dh, dg, None


class AddNormLost(AddNorm):
    """What comes through the second output is lost."""

    @staticmethod
    def backward(ctx, dy, _dh):
        through, dg, _ = RmsNorm.backward(ctx, dy)
        return through, through, dg, None


class LayerNorm(Function):
    @staticmethod
    def forward(ctx, x, g, b, eps):
        mean = x.mean(-1, keepdim=True)
        r = torch.rsqrt(((x - mean) ** 2).mean(-1, keepdim=True) + eps)
        h = (x - mean) * r
        ctx.save_for_backward(h, r, g)
        return h * g + b

    @staticmethod
    def backward(ctx, dy):
        h, r, g = ctx.saved_tensors
        dh = dy * g
        dx = r * (dh - dh.mean(-1, keepdim=True) - h * (dh * h).mean(-1, keepdim=True))
        return dx, (dy * h).sum(0), dy.sum(0), None


class LayerNormMean(LayerNorm):
    """The mean is taken as constant."""

    @staticmethod
    def backward(ctx, dy):
        h, r, g = ctx.saved_tensors
        dh = dy * g
        _, dg, db, _ = LayerNorm.backward(ctx, dy)
        return r * (dh - h * (dh * h).mean(-1, keepdim=True)), dg, db, None


class LayerNormVariance(LayerNorm):
    """The variance is taken as constant."""

    @staticmethod
    def backward(ctx, dy):
        _, r, g = ctx.saved_tensors
        dh = dy * g
        _, dg, db, _ = LayerNorm.backward(ctx, dy)
        return r * (dh - dh.mean(-1, keepdim=True)), dg, db, None


class LayerNormFirstRow(LayerNorm):
    """Gain and bias take the gradient of one row."""

    @staticmethod
    def backward(ctx, dy):
        h, _, _ = ctx.saved_tensors
        dx, _, _, _ = LayerNorm.backward(ctx, dy)
        return dx, (dy * h)[0], dy[0], None


class GroupNorm(Function):
    @staticmethod
    def forward(ctx, x, g, b, eps):
        return LayerNorm.forward(ctx, x, g, b, eps)

    @staticmethod
    def backward(ctx, dy):
        return LayerNorm.backward(ctx, dy)


class GroupNormCount(GroupNorm):
    """Divides by the number of groups and channels, where only the channels are averaged over."""

    @staticmethod
    def backward(ctx, dy):
        h, r, g = ctx.saved_tensors
        dh = dy * g
        count = dy.shape[-1]
        _, dg, db, _ = LayerNorm.backward(ctx, dy)
        return r * (dh - dh.mean(-1, keepdim=True) - h * (dh * h).sum(-1, keepdim=True) / count**2), dg, db, None


class BatchNorm(Function):
    @staticmethod
    def forward(ctx, x, g, b, eps):
        mean = x.mean(0)
        r = torch.rsqrt(((x - mean) ** 2).mean(0) + eps)
        h = (x - mean) * r
        ctx.save_for_backward(h, r, g)
        return h * g + b

    @staticmethod
    def backward(ctx, dy):
        h, r, g = ctx.saved_tensors
        dh = dy * g
        return r * (dh - dh.mean(0) - h * (dh * h).mean(0)), (dy * h).sum(0), dy.sum(0), None


class BatchNormEval(BatchNorm):
    """The gradient of evaluation: mean and variance are constants."""

    @staticmethod
    def backward(ctx, dy):
        h, r, g = ctx.saved_tensors
        return dy * g * r, (dy * h).sum(0), dy.sum(0), None


class CrossEntropy(Function):
    @staticmethod
    def forward(ctx, z, t):
        logp = torch.log_softmax(z, -1)
        ctx.save_for_backward(logp.exp(), t)
        return -(t * logp).sum() / len(z)

    @staticmethod
    def backward(ctx, dy):
        p, t = ctx.saved_tensors
        return dy * (p - t) / len(p), None


class CrossEntropyIgnored(CrossEntropy):
    """The loss is taken for the last layer: upstream 1."""

    @staticmethod
    def backward(ctx, dy):
        p, t = ctx.saved_tensors
        return (p - t) / len(p), None


class CrossEntropySum(CrossEntropy):
    """1/N is lost."""

    @staticmethod
    def backward(ctx, dy):
        p, t = ctx.saved_tensors
        return dy * (p - t), None


class CrossEntropySquared(CrossEntropy):
    """The upstream gradient enters twice."""

    @staticmethod
    def backward(ctx, dy):
        p, t = ctx.saved_tensors
        return dy * dy * (p - t) / len(p), None


class TokenLosses(Function):
    @staticmethod
    def forward(ctx, z, t):
        logp = torch.log_softmax(z, -1)
        ctx.save_for_backward(logp.exp(), t)
        return -logp.gather(-1, t[:, None])[:, 0]

    @staticmethod
    def backward(ctx, dy):
        p, t = ctx.saved_tensors
        return dy[:, None] * (p - torch.nn.functional.one_hot(t, p.shape[-1])), None


class TokenLossesFirst(TokenLosses):
    """Every row is scaled by the first upstream gradient."""

    @staticmethod
    def backward(ctx, dy):
        p, t = ctx.saved_tensors
        return dy[0] * (p - torch.nn.functional.one_hot(t, p.shape[-1])), None


class TokenLossesMean(TokenLosses):
    """Averaged over the batch, though nothing is reduced."""

    @staticmethod
    def backward(ctx, dy):
        dz, none = TokenLosses.backward(ctx, dy)
        return dz / len(dz), none


class SoftTargets(Function):
    @staticmethod
    def forward(ctx, z, q):
        logp = torch.log_softmax(z, -1)
        ctx.save_for_backward(logp.exp(), q)
        return -(q * logp).sum(-1)

    @staticmethod
    def backward(ctx, dy):
        p, q = ctx.saved_tensors
        return dy[:, None] * (p * q.sum(-1, keepdim=True) - q), None


class SoftTargetsSumOne(SoftTargets):
    """p − q: right only for targets that sum to one."""

    @staticmethod
    def backward(ctx, dy):
        p, q = ctx.saved_tensors
        return dy[:, None] * (p - q), None


class MaskedCrossEntropy(Function):
    @staticmethod
    def forward(ctx, z, t, m):
        logp = torch.log_softmax(z, -1)
        ctx.save_for_backward(logp.exp(), t, m)
        return -(m[:, None] * t * logp).sum() / m.sum()

    @staticmethod
    def backward(ctx, dy):
        p, t, m = ctx.saved_tensors
        return dy * m[:, None] * (p - t) / m.sum(), None, None


class MaskedCrossEntropyAll(MaskedCrossEntropy):
    """Divides by the number of rows, where the weight of those that count is meant."""

    @staticmethod
    def backward(ctx, dy):
        p, t, m = ctx.saved_tensors
        return dy * m[:, None] * (p - t) / len(m), None, None


class MaskedCrossEntropyUnmasked(MaskedCrossEntropy):
    """Rows that are left out have a gradient."""

    @staticmethod
    def backward(ctx, dy):
        p, t, m = ctx.saved_tensors
        return dy * (p - t) / m.sum(), None, None


class SmoothedCrossEntropy(Function):
    @staticmethod
    def forward(ctx, z, t, alpha):
        logp = torch.log_softmax(z, -1)
        q = (1 - alpha) * t + alpha / z.shape[-1]
        ctx.save_for_backward(logp.exp(), q, t)
        return -(q * logp).sum() / len(z)

    @staticmethod
    def backward(ctx, dy):
        p, q, _ = ctx.saved_tensors
        return dy * (p - q) / len(p), None, None


class SmoothedCrossEntropyForgotten(SmoothedCrossEntropy):
    """The smoothing is forgotten in the gradient."""

    @staticmethod
    def backward(ctx, dy):
        p, _, t = ctx.saved_tensors
        return dy * (p - t) / len(p), None, None


class FusedLinearCrossEntropy(Function):
    """The gradient by the logits is projected in the backward pass, row by row weighted."""

    @staticmethod
    def forward(ctx, X, W, t):
        logp = torch.log_softmax(X @ W.T, -1)
        ctx.save_for_backward(X, W, logp.exp() - t)
        return -(t * logp).sum(-1)

    @staticmethod
    def backward(ctx, dy):
        X, W, d = ctx.saved_tensors
        d = dy[:, None] * d
        return d @ W, d.T @ X, None


class FusedLinearCrossEntropyFirst(FusedLinearCrossEntropy):
    """Projected in the forward pass, and scaled by the first upstream gradient afterwards."""

    @staticmethod
    def backward(ctx, dy):
        X, W, d = ctx.saved_tensors
        return dy[0] * (d @ W), dy[0] * (d.T @ X), None


class FusedLinearCrossEntropyHalf(FusedLinearCrossEntropy):
    """Right by the input; the weights are projected before the upstream gradient is known."""

    @staticmethod
    def backward(ctx, dy):
        X, W, d = ctx.saved_tensors
        return dy[:, None] * (d @ W), dy[0] * (d.T @ X), None


class Attention(Function):
    @staticmethod
    def forward(ctx, q, k, v):
        p = torch.softmax(q @ k.T / math.sqrt(q.shape[-1]), -1)
        o = p @ v
        ctx.save_for_backward(q, k, v, p, o)
        return o

    @staticmethod
    def scores(ctx, do):
        _, _, v, p, o = ctx.saved_tensors
        return p * (do @ v.T - (do * o).sum(-1, keepdim=True))

    @staticmethod
    def backward(ctx, do):
        q, k, _, p, _ = ctx.saved_tensors
        ds = Attention.scores(ctx, do) / math.sqrt(q.shape[-1])
        return ds @ k, ds.T @ q, p.T @ do


class AttentionScale(Attention):
    """1/√d is lost."""

    @staticmethod
    def backward(ctx, do):
        q, k, _, p, _ = ctx.saved_tensors
        ds = Attention.scores(ctx, do)
        return ds @ k, ds.T @ q, p.T @ do


class AttentionRowSum(Attention):
    """The row sum of the softmax's pullback is lost."""

    @staticmethod
    def backward(ctx, do):
        q, k, v, p, _ = ctx.saved_tensors
        ds = p * (do @ v.T) / math.sqrt(q.shape[-1])
        return ds @ k, ds.T @ q, p.T @ do


class AttentionUntransposed(Attention):
    """dS for its transpose in the keys' gradient: the shapes fit."""

    @staticmethod
    def backward(ctx, do):
        q, k, _, p, _ = ctx.saved_tensors
        ds = Attention.scores(ctx, do) / math.sqrt(q.shape[-1])
        return ds @ k, ds @ q, p @ do


class SoftCap(Function):
    @staticmethod
    def forward(ctx, s, c):
        h = torch.tanh(s / c)
        p = torch.softmax(c * h, -1)
        ctx.save_for_backward(h, p)
        return p

    @staticmethod
    def backward(ctx, dp):
        h, p = ctx.saved_tensors
        du = p * (dp - (dp * p).sum(-1, keepdim=True))
        return du * (1 - h * h), None


class SoftCapLost(SoftCap):
    """The cap's own derivative is left out."""

    @staticmethod
    def backward(ctx, dp):
        _, p = ctx.saved_tensors
        return p * (dp - (dp * p).sum(-1, keepdim=True)), None


class SwiGlu(Function):
    @staticmethod
    def forward(ctx, a, b):
        ctx.save_for_backward(a, b)
        return a * torch.sigmoid(a) * b

    @staticmethod
    def backward(ctx, dy):
        a, b = ctx.saved_tensors
        s = torch.sigmoid(a)
        return dy * b * (s + a * s * (1 - s)), dy * a * s


class SwiGluTerm(SwiGlu):
    """σ(a) alone: the second term of the product rule is lost."""

    @staticmethod
    def backward(ctx, dy):
        a, b = ctx.saved_tensors
        s = torch.sigmoid(a)
        return dy * b * s, dy * a * s


class SwiGluSwapped(SwiGlu):
    """The gradients come back in the wrong order."""

    @staticmethod
    def backward(ctx, dy):
        da, db = SwiGlu.backward(ctx, dy)
        return db, da


class Gelu(Function):
    """With `setup_context`, as newer functions are written."""

    @staticmethod
    def forward(x):
        return x * 0.5 * (1 + torch.erf(x / math.sqrt(2)))

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx, dy):
        (x,) = ctx.saved_tensors
        phi = torch.exp(-x * x / 2) / math.sqrt(2 * math.pi)
        return dy * (0.5 * (1 + torch.erf(x / math.sqrt(2))) + x * phi)


class GeluTerm(Gelu):
    """Φ(x) alone."""

    @staticmethod
    def backward(ctx, dy):
        (x,) = ctx.saved_tensors
        return dy * 0.5 * (1 + torch.erf(x / math.sqrt(2)))


class GeluDensity(Gelu):
    """2π for √(2π)."""

    @staticmethod
    def backward(ctx, dy):
        (x,) = ctx.saved_tensors
        phi = torch.exp(-x * x / 2) / (2 * math.pi)
        return dy * (0.5 * (1 + torch.erf(x / math.sqrt(2))) + x * phi)


class Convolution(Function):
    @staticmethod
    def forward(ctx, x, w):
        ctx.save_for_backward(x, w)
        return torch.nn.functional.conv1d(x[None, None], w[None, None])[0, 0]

    @staticmethod
    def backward(ctx, dy):
        x, w = ctx.saved_tensors
        return Convolution.spread(dy, w), torch.nn.functional.conv1d(x[None, None], dy[None, None])[0, 0]

    @staticmethod
    def spread(dy, w):
        return torch.nn.functional.conv_transpose1d(dy[None, None], w[None, None])[0, 0]


class ConvolutionUnflipped(Convolution):
    """The kernel is not turned round for the input's gradient."""

    @staticmethod
    def backward(ctx, dy):
        _, dw = Convolution.backward(ctx, dy)
        _, w = ctx.saved_tensors
        return Convolution.spread(dy, w.flip(0)), dw


class Jsd(Function):
    @staticmethod
    def forward(ctx, x, y, beta=0.3):
        p, q = torch.softmax(x, -1), torch.softmax(y, -1)
        m = beta * p + (1 - beta) * q
        ctx.save_for_backward(p, m)
        ctx.beta = beta
        return (beta * p * (p / m).log() + (1 - beta) * q * (q / m).log()).sum() / len(x)

    @staticmethod
    def backward(ctx, dy):
        p, m = ctx.saved_tensors
        d = ctx.beta * (p / m).log()
        return dy * p * (d - (p * d).sum(-1, keepdim=True)) / len(p), None, None


class JsdWeight(Jsd):
    """β is lost."""

    @staticmethod
    def backward(ctx, dy):
        dx, _, _ = Jsd.backward(ctx, dy)
        return dx / ctx.beta, None, None


class JsdSoftmax(Jsd):
    """The softmax's row sum is lost."""

    @staticmethod
    def backward(ctx, dy):
        p, m = ctx.saved_tensors
        return dy * p * ctx.beta * (p / m).log() / len(p), None, None


class KlDivergence(Function):
    @staticmethod
    def forward(ctx, y, t):
        ctx.save_for_backward(t)
        return (t * (t.log() - y)).sum() / len(y)

    @staticmethod
    def backward(ctx, dy):
        (t,) = ctx.saved_tensors
        return -dy * t / len(t), None


class KlDivergenceElements(KlDivergence):
    """Divides by the number of entries where the number of rows is meant."""

    @staticmethod
    def backward(ctx, dy):
        (t,) = ctx.saved_tensors
        return -dy * t / t.numel(), None


class KlDivergenceSign(KlDivergence):
    """The sign."""

    @staticmethod
    def backward(ctx, dy):
        (t,) = ctx.saved_tensors
        return dy * t / len(t), None


class Raises(Gelu):
    """An exception of the author's."""

    @staticmethod
    def backward(ctx, dy):
        raise ValueError("the block size does not fit")
