"""Values that note what is done with them: a tape of calls."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

MOST = 16 << 20  # bytes of results that a tape holds: a step of more has little Python in it
FIXED = ("shape", "dtype", "ndim", "size")  # attributes that are the same at every step
CALL = "{f}({all})"
BINARY = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": operator.pow,
    "@": operator.matmul,
    "&": operator.and_,
    "|": operator.or_,
    "^": operator.xor,
    "<<": operator.lshift,
    ">>": operator.rshift,
}
COMPARING = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
UNARY = {"-": operator.neg, "~": operator.invert}


class RecordingError(TypeError):
    """What a function does cannot be written down as calls that are the same each time."""


class Line(NamedTuple):
    """A call: the name of its result, how it is written, and what the result was.

    `form` has {f} for the function, {all} for its arguments, {0} and {1} for one of them, and
    {rest} for those after the first.
    """

    name: str
    function: Callable[..., Any]
    form: str
    args: tuple[Any, ...]
    options: Mapping[str, Any]
    used: frozenset[str]
    value: Any


class Tape:
    """The calls so far. What depends on no input is computed once, and is a constant."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.count = self.bytes = 0

    def input(self, value: Any) -> Recorded:
        """Return a value that is another one at each call."""
        self.count += 1
        return Recorded(self, value, f"v{self.count}")

    def constant(self, value: Any) -> Any:
        """Return a value that is the same at every call, as one whose calls are noted."""
        if isinstance(value, tuple | list):
            return type(value)(self.constant(v) for v in value)
        return Recorded(self, value, "") if isinstance(value, np.ndarray | np.generic) else value

    def call(
        self,
        function: Callable[..., Any],
        form: str,
        args: tuple[Any, ...],
        options: Mapping[str, Any] | None = None,
    ) -> Any:
        """Return what the function gives now; note the call, unless it gives the same each time."""
        options = options or {}
        value = function(*plain(args), **plain(options))
        for given in args:  # asarray(X) is X itself, and no call
            if isinstance(given, Recorded) and given.value is value:
                return given
        used = frozenset(names((*args, *options.values())))
        if not used:
            return self.constant(value)
        if not isinstance(value, np.ndarray | np.generic | int | float):
            raise RecordingError(f"a call gives a {type(value).__name__}, not an array")
        if isinstance(value, np.ndarray) and value.base is None:
            self.bytes += value.nbytes
            if self.bytes > MOST:
                raise RecordingError(f"its results take more than {MOST >> 20} MB")
        result = self.input(value)
        self.lines.append(Line(result.name, function, form, args, options, used, value))
        return result


class Recorded:
    """A value on a tape: what it is now, and the name of what it will be ("": the same)."""

    __slots__ = ("name", "tape", "value")
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, tape: Tape, value: Any, name: str) -> None:
        self.tape, self.value, self.name = tape, value, name

    def __array_namespace__(self) -> Namespace:
        return Namespace(self.tape)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *args: Any, **options: Any) -> Any:
        if "out" in options:
            raise RecordingError(f"{ufunc.__name__} writes into an array")
        return self.tape.call(getattr(ufunc, method), CALL, args, options)

    def __array_function__(self, function: Any, types: Any, args: Any, options: Any) -> Any:
        return self.tape.call(function, CALL, args, options)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.value, name, None)
        if name in FIXED:
            return found
        if isinstance(found, np.ndarray):
            return self.tape.call(operator.attrgetter(name), f"{{0}}.{name}", (self,))
        if name.startswith("_") or not callable(found):
            raise RecordingError(f"it asks for .{name}")

        def noted(*args: Any, **options: Any) -> Any:
            def method(value: Any, *args: Any, **options: Any) -> Any:
                return getattr(value, name)(*args, **options)

            return self.tape.call(method, f"{{0}}.{name}({{rest}})", (self, *args), options)

        return noted

    def __getitem__(self, key: Any) -> Any:
        return self.tape.call(operator.getitem, "{0}[{1}]", (self, key))

    def __len__(self) -> int:
        return len(self.value)

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self.value)))

    def _refuse(self, *args: Any, **options: Any) -> Any:
        raise RecordingError("it looks at a number, or writes one")

    __bool__ = __int__ = __float__ = __index__ = __array__ = __setitem__ = _refuse


def _give_operators() -> None:
    def method(function: Any, form: str, turned: bool = False) -> Any:
        def noted(self: Recorded, *other: Any) -> Any:
            args = (*other, self) if turned else (self, *other)
            return self.tape.call(function, form, args)

        return noted

    for sign, function in (BINARY | COMPARING).items():
        name, form = function.__name__.strip("_"), f"{{0}} {sign} {{1}}"
        setattr(Recorded, f"__{name}__", method(function, form))
        if sign in BINARY:
            setattr(Recorded, f"__r{name}__", method(function, form, turned=True))
    for sign, function in UNARY.items():
        setattr(Recorded, f"__{function.__name__}__", method(function, sign + "{0}"))


_give_operators()


class Namespace:
    """NumPy, with calls that are noted."""

    __name__ = "numpy"

    def __init__(self, tape: Tape) -> None:
        self.tape = tape

    def __getattr__(self, name: str) -> Any:
        found = getattr(np, name)
        if isinstance(found, type) or not callable(found):
            return found

        def noted(*args: Any, **options: Any) -> Any:
            return self.tape.call(found, CALL, args, options)

        return noted


def plain(value: Any) -> Any:
    """Return the values themselves, in whatever holds them."""
    if isinstance(value, Recorded):
        return value.value
    if isinstance(value, tuple | list):
        return type(value)(plain(v) for v in value)
    return {n: plain(v) for n, v in value.items()} if isinstance(value, dict) else value


def names(values: Any) -> Iterator[str]:
    """Yield the names of all that changes from call to call."""
    for value in values:
        if isinstance(value, Recorded):
            if value.name:
                yield value.name
        elif isinstance(value, tuple | list):
            yield from names(value)
        elif isinstance(value, slice):
            yield from names((value.start, value.stop, value.step))
