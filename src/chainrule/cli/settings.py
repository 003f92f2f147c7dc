"""What `train` is asked for: on the command line, in a TOML file, or both."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from chainrule.errors import ConfigurationError, unknown_name

WHOLE, NUMBER, TEXT, SIZES = "a whole number", "a number", "text", 'sizes such as "128,64"'
KINDS: dict[str, tuple[str, tuple[type, ...]]] = {
    "data": (TEXT, (str,)),
    "layers": (SIZES, (str, int, list)),
    "activation": (TEXT, (str,)),
    "output_activation": (TEXT, (str,)),
    "loss": (TEXT, (str,)),
    "optimizer": (TEXT, (str,)),
    "learning_rate": (NUMBER, (int, float)),
    "epochs": (WHOLE, (int,)),
    "batch_size": ('a whole number or "all"', (int, str)),
    "validation": ("a share or a file", (int, float, str)),
    "test": ("a share or a file", (int, float, str)),
    "target": (TEXT, (str,)),
    "seed": (WHOLE, (int,)),
    "engine": (TEXT, (str,)),
    "output": (TEXT, (str,)),
    "patience": (WHOLE, (int,)),
    "columns": ('kinds such as "age=number"', (str, dict)),
    "class_weight": (TEXT, (str,)),
}


@dataclass(frozen=True)
class Settings:
    """All settings of a training; None leaves the choice to what suits the data."""

    data: str | None = None
    layers: str | int | list[int] | None = None
    activation: str | None = None
    output_activation: str | None = None
    loss: str | None = None
    optimizer: str | None = None
    learning_rate: float | None = None
    epochs: int | None = None
    batch_size: int | str | None = None
    validation: float | str | None = None
    test: float | str | None = None
    target: str | None = None
    seed: int | None = None
    engine: str | None = None
    output: str | None = None
    patience: int | None = None
    columns: str | dict[str, str] | None = None
    class_weight: str | None = None

    def over(self, other: Settings) -> Settings:
        """Return these settings, with those of `other` where these leave a choice.

        >>> Settings(epochs=3).over(Settings(epochs=5, seed=1)).epochs
        3
        """
        mine = {name: value for name, value in asdict(self).items() if value is not None}
        theirs: dict[str, Any] = asdict(other)
        return Settings(**(theirs | mine))


def read(path: Path) -> Settings:
    """Return the settings in a TOML file; keys as in `Settings`, hyphens are fine.

    Raises ConfigurationError for a file that is no TOML, for an unknown key (with the nearest
    known one) and for a value of the wrong kind.
    """
    try:
        with path.open("rb") as file:
            entries = tomllib.load(file)
    except FileNotFoundError:
        raise ConfigurationError(f"no configuration file at {path}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigurationError(f"{path} is no TOML file: {error}") from None
    known = [f.name for f in fields(Settings)]
    values: dict[str, Any] = {}
    for key, value in entries.items():
        name = key.replace("-", "_")
        if name not in known:
            raise ConfigurationError(f"{path}: {unknown_name('setting', key, known)}")
        expected, types = KINDS[name]
        if not isinstance(value, types) or isinstance(value, bool):
            raise ConfigurationError(f"{path}: {key} must be {expected}, got {value!r}")
        values[name] = value
    return Settings(**values)


def to_toml(configuration: dict[str, Any]) -> str:
    """Return a configuration as a TOML file that `train --config` takes.

    >>> print(to_toml({"layers": [128, 64], "loss": "squared-error", "target": None}), end="")
    layers = [128, 64]
    loss = "squared-error"
    """
    known = {f.name for f in fields(Settings)}
    return "".join(
        f"{name} = {json.dumps(value, ensure_ascii=False)}\n"
        for name, value in configuration.items()
        if name in known and value is not None
    )


def batch_size(given: int | str) -> int | None:
    """Return the number of samples of a minibatch; None for 0 or "all".

    >>> batch_size("64"), batch_size("all"), batch_size(0)
    (64, None, None)
    """
    text = str(given).strip().lower()
    if text in ("0", "all"):
        return None
    if not text.isdigit():
        raise ConfigurationError(f'batch size must be a whole number or "all", got {given!r}')
    return int(text)


def size(given: str | None) -> int | None:
    """Return "500M" or "2G" as a number of bytes.

    >>> size("1.5k"), size("2G")
    (1500, 2000000000)
    """
    if given is None:
        return None
    found = re.fullmatch(r"([0-9.]+) ?([kmgt]?)b?", given.strip().lower())
    try:
        assert found is not None
        return int(float(found[1]) * 1000 ** " kmgt".index(found[2] or " "))
    except (AssertionError, ValueError):
        raise ConfigurationError(
            f'a size is a number such as "500M" or "2G", got "{given}"'
        ) from None


def share_or_file(given: float | str | None) -> float | Path | None:
    """Return a share between 0 and 1, a path, or None for nothing (also for 0 and "none").

    >>> share_or_file("0.2"), share_or_file("0"), share_or_file("test.csv").name
    (0.2, None, 'test.csv')
    """
    if given is None or str(given).strip().lower() in ("", "none"):
        return None
    try:
        share = float(given)
    except ValueError:
        return Path(str(given))
    if share == 0:
        return None
    if not 0 < share < 1:
        raise ConfigurationError(f"a share must lie between 0 and 1, got {given}")
    return share


def share_or_name(given: float | str | None) -> float | str | None:
    """Return a share as a number, all else as it was given: what a configuration keeps.

    >>> share_or_name("0.2"), share_or_name("none"), share_or_name("test.csv")
    (0.2, 'none', 'test.csv')
    """
    found = share_or_file(given)
    return found if isinstance(found, float) else given
