"""PyTorch, eager or compiled, with images in either layout and texts pooled in either way.

As in benchmarks/peers/torch_peer.py: tensors indexed directly, a fused optimizer, gradients set to
none, one thread and all tried. Images: contiguous or `channels_last`, which the performance tuning
guide advises. Texts: `Embedding` and the mean, or `EmbeddingBag`, which is both in one. Its sparse
gradients go with SparseAdam alone, which is another rule, so they are left out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from benchmarks.breadth.networks import BLOCKS, EPS, RATE, TOKENS, UNITS, WIDTH, Broad, Samples
from benchmarks.peers.base import Loop, Settings, Training
from benchmarks.workloads import Array

THREADS = torch.get_num_threads()


class Mean(nn.Module):
    """The mean over the words of a text."""

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        return X.mean(dim=1)


class Block(nn.Module):
    """X + F(X)."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(WIDTH, eps=EPS)
        self.a, self.relu, self.b = nn.Linear(WIDTH, WIDTH), nn.ReLU(), nn.Linear(WIDTH, WIDTH)

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        return X + self.b(self.relu(self.a(self.norm(X))))


def layers(network: str, bag: bool) -> dict[str, nn.Module]:
    """Return the layers in a row, those with weights under the names of networks.SHAPES."""
    if network == "cnn":
        return {
            "conv1": nn.Conv2d(1, 32, 3), "relu1": nn.ReLU(), "pool1": nn.MaxPool2d(2),
            "conv2": nn.Conv2d(32, 64, 3), "relu2": nn.ReLU(), "pool2": nn.MaxPool2d(2),
            "flatten": nn.Flatten(), "dense1": nn.Linear(1600, 128), "relu3": nn.ReLU(),
            "dense2": nn.Linear(128, 10),
        }  # fmt: skip
    if network == "text":
        table = nn.EmbeddingBag(TOKENS, UNITS, mode="mean") if bag else nn.Embedding(TOKENS, UNITS)
        first = {"embedding": table} if bag else {"embedding": table, "mean": Mean()}
        return {
            **first, "dense1": nn.Linear(UNITS, 64), "relu": nn.ReLU(), "dense2": nn.Linear(64, 2)
        }  # fmt: skip
    blocks = {f"block{i}": Block() for i in range(BLOCKS)}
    norm = nn.LayerNorm(WIDTH, eps=EPS)
    return {"stem": nn.Linear(64, WIDTH), **blocks, "norm": norm, "head": nn.Linear(WIDTH, 10)}


@torch.no_grad()
def put_in(model: nn.Module, weights: dict[str, tuple[Array, Array]]) -> None:
    """Set the given weights, turned as PyTorch has them."""
    for name, (W, b) in weights.items():
        layer: Any = model.get_submodule(name)
        if name.startswith("conv"):
            W = W.transpose(3, 2, 0, 1)
        elif name == "dense1" and len(W) == 1600:  # its inputs are flattened channels first
            W = W.reshape(5, 5, 64, 128).transpose(3, 2, 0, 1).reshape(128, 1600)
        elif name != "embedding":
            W = W.T
        layer.weight.copy_(torch.tensor(W))
        if name != "embedding":
            layer.bias.copy_(torch.tensor(b))


def make(
    work: Broad, data: Samples, threads: int, compiled: bool, last: bool, bag: bool
) -> Training:
    """Return a training with these settings."""
    model = nn.Sequential()
    for name, layer in layers(work.network, bag).items():
        model.add_module(name, layer)
    put_in(model, data.weights)
    x, y = torch.from_numpy(data.x), torch.from_numpy(data.y)
    if work.network == "cnn":
        layout = torch.channels_last if last else torch.contiguous_format
        x = x.permute(0, 3, 1, 2).contiguous(memory_format=layout)
        model = model.to(memory_format=layout)
    optimizer = torch.optim.Adam(model.parameters(), lr=RATE, fused=True)
    entropy = nn.CrossEntropyLoss()

    def error(X: torch.Tensor, Y: torch.Tensor) -> torch.Tensor:
        return entropy(model(X), Y)

    forward: Callable[..., Any] = torch.compile(error, dynamic=False) if compiled else error

    def one_epoch() -> Array:
        torch.set_num_threads(threads)
        losses = []
        for batch in torch.randperm(len(x)).split(work.batch_size):
            optimizer.zero_grad(set_to_none=True)
            loss = forward(x[batch], y[batch])
            loss.backward()
            optimizer.step()
            losses.append(loss.detach())
        return torch.stack(losses).numpy()

    return Loop(one_epoch, lambda rows: model(torch.from_numpy(rows)).detach().numpy())


def prepare(name: str, work: Broad, data: Samples) -> Settings:
    torch.manual_seed(0)
    kinds = {"": (False, False)}
    if work.network == "cnn":
        kinds = {", contiguous": (False, False), ", channels_last": (True, False)}
    if work.network == "text":
        kinds = {", Embedding": (False, False), ", EmbeddingBag": (False, True)}
    return {
        f"{threads} thread{'s' if threads > 1 else ''}{words}": lambda t=threads, k=kind: make(
            work, data, t, name == "torch-compile", *k
        )
        for threads in sorted({1, THREADS}, reverse=True)
        for words, kind in reversed(kinds.items())
    }
