"""scikit-learn: `MLPClassifier.partial_fit`, whose epoch is a loop in Python over NumPy products."""

from __future__ import annotations

import numpy as np
from sklearn.neural_network import MLPClassifier

from engines.job import Job, changes
from workloads import Network, Workload


def make(workload: Workload, _variant: str) -> Job:
    assert isinstance(workload, Network), workload
    count = len(workload.sizes) - 1
    model = MLPClassifier(
        workload.sizes[1:-1], activation=workload.hidden, solver="sgd", batch_size=workload.batch, alpha=0.0,
        momentum=0.0, nesterovs_momentum=False, learning_rate_init=workload.rate, shuffle=False,
    )  # fmt: skip
    x, labels = workload.data["x"], workload.labels
    model.partial_fit(x[: workload.batch], labels[: workload.batch], classes=np.arange(workload.sizes[-1]))
    held = workload.parameters()
    for k in range(count):
        model.coefs_[k][...] = held[f"W{k + 1}"].T
        model.intercepts_[k][...] = held[f"b{k + 1}"]
    model.partial_fit(x[: workload.checked], labels[: workload.checked])
    after = {f"W{k + 1}": model.coefs_[k].T for k in range(count)}
    after |= {f"b{k + 1}": model.intercepts_[k] for k in range(count)}
    result = changes(workload, after)
    rows = max(workload.batch, 256)

    def run(calls: int) -> None:
        for _ in range(calls):
            model.partial_fit(x[:rows], labels[:rows])

    return Job(run, rows // workload.batch, result)
