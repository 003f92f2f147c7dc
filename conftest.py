"""Doctests in modules that cannot be imported without an extra are left out where it is missing.

Tests skip themselves; a doctest's module is imported before anything in it could.
"""

from __future__ import annotations

from importlib.util import find_spec

NEEDS = {
    "jax": ("engines/choice.py", "engines/compiling.py", "engines/device.py", "engines/hosts.py",
            "engines/mesh.py", "engines/xla_engine.py"),
    "sklearn": ("estimators/*",),
    "scipy": ("training/lbfgs.py",),
}  # fmt: skip

collect_ignore_glob = [
    f"src/chainrule/{module}"
    for package, modules in NEEDS.items()
    if find_spec(package) is None
    for module in modules
]
