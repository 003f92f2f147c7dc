"""A tape as the source of a function."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.engines.recorded.tape import BINARY, CALL, Line, Recorded, Tape, names

# An array may be written over by what these make of it: entry by entry, the same bits.
IN_PLACE = {f"{{0}} {sign} {{1}}": sign for sign in BINARY if sign != "@"}
TURNED = {"+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide}  # over the second one


class Writer:
    """Writes the function whose calls are on the tape, with the constants that it names."""

    def __init__(
        self,
        tape: Tape,
        inputs: Sequence[Recorded],
        outputs: Sequence[Any],
        consumes: Sequence[int],
    ) -> None:
        self.tape, self.inputs, self.outputs = tape, inputs, outputs
        self.constants: dict[str, Any] = {}
        self.called: dict[int, str] = {}  # a constant's name, by its identity
        self.places: dict[str, str] = {}  # of a value that was written over another
        self.last = self.last_uses()
        self.sharing: dict[int, set[str]] = defaultdict(set)  # names of arrays in the same memory
        for value in inputs:
            self.sharing[_owner(value.value)].add(value.name)
        for line in tape.lines:
            self.sharing[_owner(line.value)].add(line.name)
        self.made = {id(line.value) for line in tape.lines}  # what lies elsewhere is not ours
        self.made |= {_owner(inputs[place].value) for place in consumes}

    def last_uses(self) -> dict[str, int]:
        """Return the last line that uses each name; what no output needs is not in it."""
        end = len(self.tape.lines)
        last = dict.fromkeys(names(self.outputs), end)
        for at in range(end - 1, -1, -1):
            if self.tape.lines[at].name in last:
                for name in self.tape.lines[at].used:
                    last.setdefault(name, at)
        return last

    def source(self) -> str:
        """Return the text. A name is given up after its last use, so that memory is used again."""
        text = [f"def replay({', '.join(value.name for value in self.inputs)}):"]
        for at, line in enumerate(self.tape.lines):
            if line.name not in self.last:
                continue
            ended = {self.place(n) for n in line.used if self.last[n] == at}
            over = self.written_over(line, at)
            if over:
                place = self.places[line.name] = self.place(over)
                sign = IN_PLACE.get(line.form, "")
                if not sign:
                    text.append(f"    {self.expression(line, out=place)}")
                elif over == getattr(line.args[0], "name", ""):
                    text.append(f"    {place} {sign}= {self.text(line.args[1])}")
                else:
                    call = self.constant(TURNED[sign])
                    text.append(f"    {call}({self.text(line.args[0])}, {place}, {place})")
                ended.discard(place)
            else:
                text.append(f"    {line.name} = {self.expression(line)}")
            text += [f"    del {', '.join(sorted(ended))}"] * bool(ended)
        answer = "".join(f"{self.text(value)}, " for value in self.outputs)
        return "\n".join([*text, f"    return ({answer})"])

    def place(self, name: str) -> str:
        """Return the variable that holds a value."""
        return self.places.get(name, name)

    def written_over(self, line: Line, at: int) -> str:
        """Return the argument whose memory the result may have, if there is one."""
        sign = IN_PLACE.get(line.form)
        if not sign and not (line.form == CALL and isinstance(line.function, np.ufunc)):
            return ""
        kind = _kind(line.value)
        if kind is None:
            return ""
        for value in line.args[:1] if sign and sign not in TURNED else line.args:
            if (
                isinstance(value, Recorded)
                and value.name
                and self.last[value.name] == at
                and _kind(value.value) == kind
                and _owner(value.value) in self.made
                and all(
                    self.last.get(other, -1) < at
                    for other in self.sharing[_owner(value.value)] - {value.name}
                )
            ):
                return value.name
        return ""

    def expression(self, line: Line, **more: str) -> str:
        """Return the call as it is written."""
        args = [self.text(a) for a in line.args]
        options = [f"{name}={self.text(a)}" for name, a in line.options.items()]
        options += [f"{name}={a}" for name, a in more.items()]
        function = self.constant(line.function) if "{f}" in line.form else ""
        every, rest = ", ".join([*args, *options]), ", ".join([*args[1:], *options])
        return line.form.format(*args, f=function, all=every, rest=rest)

    def text(self, value: Any) -> str:
        """Return how a value is written."""
        if isinstance(value, Recorded):
            return self.place(value.name) if value.name else self.constant(value.value)
        if isinstance(value, tuple | list):
            inner = ", ".join(self.text(v) for v in value)
            if isinstance(value, list):
                return f"[{inner}]"
            return f"({inner},)" if len(value) == 1 else f"({inner})"
        if isinstance(value, slice) and any(names((value.start, value.stop, value.step))):
            return (
                f"slice({self.text(value.start)}, {self.text(value.stop)}, {self.text(value.step)})"
            )
        if value is None or isinstance(value, bool | int | str):
            return repr(value)
        return self.constant(value)

    def constant(self, value: Any) -> str:
        """Return the name of a value that does not change."""
        name = self.called.setdefault(id(value), f"k{len(self.called)}")
        self.constants[name] = value
        return name


def _owner(value: Any) -> int:
    """Return the identity of the array whose memory a value lies in."""
    while isinstance(value, np.ndarray) and isinstance(value.base, np.ndarray):
        value = value.base
    return id(value)


def _kind(value: Any) -> Any:
    """Return shape and type of an array in an order of its own; None for numbers."""
    if not isinstance(value, np.ndarray) or not value.ndim or not value.flags.c_contiguous:
        return None
    return value.shape, value.dtype
