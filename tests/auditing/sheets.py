"""The sheets that functions are verified against: layers and losses that people write kernels for."""

from __future__ import annotations

SHEETS = {
    "linear": """
X ∈ ℝ^(N×n), W ∈ ℝ^(m×n), b ∈ ℝ^m
Y[i,k] = sum[j] X[i,j] W[k,j] + b[k]
parameters X, W, b
pullback Y
""",
    "square linear": """
X ∈ ℝ^(N×n), W ∈ ℝ^(n×n)
Y = X W
parameters X, W
pullback Y
""",
    "rms norm": """
x ∈ ℝ^(N×n), g ∈ ℝ^n, ε ∈ ℝ
r[i] = sqrt(1/n sum[j] x[i,j]² + ε)
y[i,j] = g[j] x[i,j] / r[i]
parameters x, g
pullback y
""",
    "rms norm of one": """
x, g ∈ ℝ^n, ε ∈ ℝ
r = sqrt(1/n ‖x‖² + ε)
y = g ⊙ x / r
pullback y
""",
    "add norm": """
x, s ∈ ℝ^(N×n), g ∈ ℝ^n, ε ∈ ℝ
h = x + s
r[i] = sqrt(1/n sum[j] h[i,j]² + ε)
y[i,j] = g[j] h[i,j] / r[i]
parameters x, s, g
pullback y, h
""",
    "layer norm": """
x ∈ ℝ^(N×n), g, b ∈ ℝ^n, ε ∈ ℝ
μ[i] = 1/n sum[j] x[i,j]
v[i] = 1/n sum[j] (x[i,j] - μ[i])²
r[i] = 1/sqrt(v[i] + ε)
h[i,j] = (x[i,j] - μ[i]) r[i]
y[i,j] = h[i,j] g[j] + b[j]
parameters x, g, b
pullback y
""",
    "batch norm": """
x ∈ ℝ^(N×C), g, b ∈ ℝ^C, ε ∈ ℝ
μ[c] = 1/N sum[i] x[i,c]
v[c] = 1/N sum[i] (x[i,c] - μ[c])²
h[i,c] = (x[i,c] - μ[c]) / sqrt(v[c] + ε)
y[i,c] = g[c] h[i,c] + b[c]
parameters x, g, b
pullback y
""",
    "group norm": """
x ∈ ℝ^(N×G×C), g, b ∈ ℝ^(G×C), ε ∈ ℝ
μ[i,k] = 1/C sum[c] x[i,k,c]
v[i,k] = 1/C sum[c] (x[i,k,c] - μ[i,k])²
r[i,k] = 1/sqrt(v[i,k] + ε)
h[i,k,c] = (x[i,k,c] - μ[i,k]) r[i,k]
y[i,k,c] = h[i,k,c] g[k,c] + b[k,c]
parameters x, g, b
pullback y
""",
    "softmax": """
z ∈ ℝ^(N×K)
p[i,k] = softmax[k](z[i,k])
pullback p
""",
    "log-softmax": """
z ∈ ℝ^(N×K)
y[i,k] = logsoftmax[k](z[i,k])
pullback y
""",
    "cross-entropy": """
z ∈ ℝ^(N×K), t ∈ onehot(K)^N
p[i,k] = softmax[k](z[i,k])
L = -1/N sum[i,k] t[i,k] log p[i,k]
parameters z
pullback L
""",
    "losses of tokens": """
z ∈ ℝ^(N×K), t ∈ onehot(K)^N
p[i,k] = softmax[k](z[i,k])
ℓ[i] = -sum[k] t[i,k] log p[i,k]
parameters z
pullback ℓ
""",
    "soft targets": """
z, q ∈ ℝ^(N×K)
ℓ[i] = -sum[k] q[i,k] logsoftmax[k](z[i,k])
parameters z
pullback ℓ
""",
    "masked cross-entropy": """
z ∈ ℝ^(N×K), t ∈ onehot(K)^N, m ∈ ℝ^N positive
p[i,k] = softmax[k](z[i,k])
c = sum[i] m[i]
L = -1/c sum[i] m[i] sum[k] t[i,k] log p[i,k]
parameters z
minimize L
""",
    "smoothed cross-entropy": """
z ∈ ℝ^(N×K), t ∈ onehot(K)^N, α ∈ ℝ
q = (1 - α) t + α/K
L = -1/N sum[i,k] q[i,k] logsoftmax[k](z[i,k])
parameters z
minimize L
""",
    "fused linear cross-entropy": """
X ∈ ℝ^(N×n), W ∈ ℝ^(K×n), t ∈ onehot(K)^N
z = X W'
ℓ[i] = -sum[k] t[i,k] logsoftmax[k](z[i,k])
parameters X, W
pullback ℓ
""",
    "attention": """
q, k ∈ ℝ^(T×d), v ∈ ℝ^(T×e)
s = 1/sqrt(d) q k'
p[i,j] = softmax[j](s[i,j])
o = p v
parameters q, k, v
pullback o
""",
    "soft cap": """
s ∈ ℝ^(T×T), c ∈ ℝ
u = c tanh(s / c)
p[i,j] = softmax[j](u[i,j])
parameters s
pullback p
""",
    "swiglu": """
a, b ∈ ℝ^(N×n)
y = a σ(a) ⊙ b
parameters a, b
pullback y
""".replace("a σ(a)", "a ⊙ σ(a)"),
    "geglu": """
a, b ∈ ℝ^(N×n)
y = a ⊙ Φ(a) ⊙ b
parameters a, b
pullback y
""",
    "gelu": """
x ∈ ℝ^n
y = x ⊙ Φ(x)
pullback y
""",
    "convolution": """
x ∈ ℝ^T, w ∈ ℝ^(0..R)
y[t] = sum[s] w[s] x[t+s]   for t in 1..T-R
parameters x, w
pullback y
""",
    "jsd": """
x, y ∈ ℝ^(N×K), β ∈ ℝ
p[i,k] = softmax[k](x[i,k])
q[i,k] = softmax[k](y[i,k])
m = β p + (1 - β) q
L = 1/N sum[i,k] (β p[i,k] (log p[i,k] - log m[i,k]) + (1 - β) q[i,k] (log q[i,k] - log m[i,k]))
parameters x
minimize L
given β = 0.3
""",
    "kl divergence": """
y, t ∈ ℝ^(N×K) positive
L = 1/N sum[i,k] t[i,k] (log t[i,k] - y[i,k])
parameters y
minimize L
""".replace("y, t ∈ ℝ^(N×K) positive", "y ∈ ℝ^(N×K), t ∈ ℝ^(N×K) positive"),
    "normalise": """
x ∈ ℝ^(N×n), ε ∈ ℝ
r[i] = sqrt(sum[j] x[i,j]² + ε)
y[i,j] = x[i,j] / r[i]
parameters x
pullback y
""",
    "rotary": """
q ∈ ℝ^(T×d×2), θ ∈ ℝ^(T×d)
y[t,i,1] = q[t,i,1] cos θ[t,i] - q[t,i,2] sin θ[t,i]
y[t,i,2] = q[t,i,2] cos θ[t,i] + q[t,i,1] sin θ[t,i]
parameters q
pullback y
""",
    "logistic regression": """
X ∈ ℝ^(N×n), w ∈ ℝ^n, b ∈ ℝ, t ∈ {0,1}^N
z[i] = sum[j] X[i,j] w[j] + b
p = σ(z)
L = -1/N sum[i] (t[i] log p[i] + (1 - t[i]) log(1 - p[i]))
parameters w, b
minimize L
""",
    "mlp": """
x ∈ ℝ^n, t ∈ ℝ^K
W1 ∈ ℝ^(m×n), b1 ∈ ℝ^m, W2 ∈ ℝ^(K×m), b2 ∈ ℝ^K
z1 = W1 x + b1
h1 = tanh(z1)
z2 = W2 h1 + b2
L = 1/2 ‖z2 - t‖²
parameters W1, b1, W2, b2
minimize L
""",
    "leaky relu": """
x ∈ ℝ^(N×n), a ∈ ℝ
y[i,j] = x[i,j] if x[i,j] > 0 else a x[i,j]
parameters x
pullback y
""",
    "embedding": """
E ∈ ℝ^(V×n), c ∈ (1..V)^T
y[t,j] = E[c[t],j]
parameters E
pullback y
""",
    "ridge": """
x, w ∈ ℝ^n, y, λ ∈ ℝ
L = 1/2 (y - w' x)²
parameters w
minimize mean L + λ/2 ‖w‖²
""",
}
