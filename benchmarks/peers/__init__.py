"""The libraries: one file each, as each one's documentation advises, its best setting on."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version


@dataclass(frozen=True)
class Peer:
    """Where a library's code lives, and what it needs.

    `counted` is False for what is shown but is no library's documented way. `install` are the
    distributions whose versions are reported; the first names what "installed" means.
    """

    name: str
    title: str
    module: str
    install: tuple[str, ...]
    counted: bool = True
    environment: dict[str, str] = field(default_factory=dict)

    def missing(self) -> str:
        """Return why the peer cannot run, or nothing."""
        for distribution in self.install:
            try:
                version(distribution)
            except PackageNotFoundError:
                return f"{distribution} is not installed"
        return ""


PEERS = {
    p.name: p
    for p in (
        Peer("xla", "chainrule (xla)", "chainrule_peer", ("chainrule", "jax")),
        Peer("numpy", "chainrule (numpy)", "chainrule_peer", ("chainrule", "numpy")),
        Peer("torch", "PyTorch, eager", "torch_peer", ("torch",)),
        Peer("torch-compile", "PyTorch, torch.compile", "torch_peer", ("torch",)),
        Peer(
            "keras",
            "Keras 3 on JAX",
            "keras_peer",
            ("keras", "jax"),
            environment={"KERAS_BACKEND": "jax"},
        ),
        Peer("flax", "Flax + Optax", "flax_peer", ("flax", "optax")),
        Peer("equinox", "Equinox + Optax", "equinox_peer", ("equinox", "optax")),
        Peer("sklearn", "scikit-learn MLPClassifier", "sklearn_peer", ("scikit-learn",)),
        Peer(
            "jax-scan",
            "JAX by hand: grad + Optax in a scan",
            "jax_peer",
            ("jax", "optax"),
            counted=False,
        ),
    )
}
OURS = ("xla", "numpy")
BARE = Peer("bare", "the bare NumPy expression", "bare_peer", ("numpy",), counted=False)
