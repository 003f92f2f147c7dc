"""`--import FILE.py`: classes of your own, from a file. Only files that you name are run."""

from __future__ import annotations

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

from chainrule.cli.nearest import existing
from chainrule.errors import ConfigurationError, unknown_name


def import_file(path: Path) -> ModuleType:
    """Run a Python file as the module that it is named after, and return it.

    Raises ConfigurationError for a missing file, a name that is taken, and code that fails.
    """
    path = existing(path, "Python file", "*.py")
    name = path.stem
    loaded = sys.modules.get(name)
    if loaded is not None:
        if getattr(loaded, "__file__", None) == str(path.resolve()):
            return loaded
        raise ConfigurationError(f"{path}: a module called {name} exists already: rename the file")
    spec = spec_from_file_location(name, path.resolve())
    if spec is None or spec.loader is None:
        raise ConfigurationError(f"{path} is no Python file: its name must end in .py")
    module = module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        line = f", line {error.lineno}" if isinstance(error, SyntaxError) else ""
        raise ConfigurationError(f"{path}{line}: {type(error).__name__}: {error}") from error
    return module


def import_all(paths: list[Path] | None) -> None:
    """Import each file."""
    for path in paths or ():
        import_file(path)


def from_file(name: str, base: Any, **options: Any) -> Any:
    """Return what "mine.py:Swish" names, made with these options; None for a name without a file.

    `base` says what is wanted: a Layer, a Loss or an Optimizer. Raises ConfigurationError where
    the file has no such class, or one that cannot be made without further arguments.
    """
    file, colon, class_name = name.rpartition(":")
    if not colon or not file.endswith(".py"):
        return None
    module = import_file(Path(file))
    classes = {
        key: value
        for key, value in vars(module).items()
        if isinstance(value, type) and issubclass(value, base) and value is not base
    }
    if class_name not in classes:
        raise unknown_name(f"{base.__name__.lower()} in {file}", class_name, classes)
    try:
        return classes[class_name](**options)
    except TypeError as error:
        raise ConfigurationError(f"{name}: {error}; its fields need defaults here") from None
