"""PyTorch on the CPU, eager and compiled.

After the tutorial "Training with PyTorch" and the performance tuning guide: `zero_grad(set_to_none=
True)`, fused optimizers, `torch.compile` for the network and for the optimizer. The data are
tensors, indexed directly, which is faster than the DataLoader of the tutorial. One thread and the
default number are both tried.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from benchmarks.peers.base import Loop, Settings, Training
from benchmarks.workloads import Array, Data, Workload

THREADS = torch.get_num_threads()


def network(workload: Workload, data: Data) -> nn.Sequential:
    """Return the layers with the given weights."""
    activation = {"relu": nn.ReLU, "sigmoid": nn.Sigmoid}[workload.hidden]
    layers: list[nn.Module] = []
    for W, b in data.weights:
        linear = nn.Linear(*W.shape)
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(W.T))
            linear.bias.copy_(torch.from_numpy(b))
        layers += [linear, activation()]
    layers.pop()
    return nn.Sequential(*layers, *([nn.Sigmoid()] if workload.loss == "squared" else []))


def make(
    workload: Workload, data: Data, threads: int, compiled: bool, compiled_update: bool
) -> Training:
    """Return a training with these settings."""
    model = network(workload, data)
    model.train()
    kinds = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}
    speed: dict[str, Any] = {"foreach": True} if compiled_update else {"fused": True}
    optimizer = kinds[workload.optimizer](model.parameters(), lr=workload.learning_rate, **speed)
    x, y = torch.from_numpy(data.x), torch.from_numpy(data.y)
    entropy = nn.CrossEntropyLoss()
    if workload.loss == "squared":
        y = nn.functional.one_hot(y, workload.sizes[-1]).float()

    def error(X: torch.Tensor, Y: torch.Tensor) -> torch.Tensor:
        output = model(X)
        if workload.loss == "squared":
            return 0.5 * ((output - Y) ** 2).sum(dim=1).mean()
        return entropy(output, Y)

    forward = torch.compile(error, dynamic=False) if compiled else error
    update: Callable[[], Any] = optimizer.step
    if compiled_update:
        update = torch.compile(lambda: optimizer.step(), fullgraph=False)

    def one_epoch() -> Array:
        torch.set_num_threads(threads)
        losses = []
        for batch in torch.randperm(len(x)).split(workload.batch_size):
            optimizer.zero_grad(set_to_none=True)
            loss = forward(x[batch], y[batch])
            loss.backward()
            update()
            losses.append(loss.detach())
        return torch.stack(losses).numpy()

    @torch.inference_mode()
    def predict(rows: Array) -> Array:
        torch.set_num_threads(threads if len(rows) == 1 else THREADS)
        return model(torch.from_numpy(rows)).numpy()

    return Loop(one_epoch, predict)


def prepare(name: str, workload: Workload, data: Data) -> Settings:
    torch.manual_seed(0)
    settings: Settings = {}
    compiled = name == "torch-compile"
    for threads in sorted({1, THREADS}):
        for update in (False, True) if compiled else (False,):
            words = f"{threads} thread{'s' if threads > 1 else ''}"
            words += ", compiled optimizer" if update else ", fused optimizer"
            settings[words] = lambda t=threads, u=update: make(workload, data, t, compiled, u)
    return settings
