"""A trained network as one Python file that needs NumPy alone."""

from __future__ import annotations

import base64
import inspect
import re
from textwrap import indent

import numpy as np

import chainrule
from chainrule.interop.program import Program, program_of
from chainrule.interop.standalone import parts
from chainrule.interop.standalone.answers import Answers, answers_of
from chainrule.interop.standalone.python_layers import python_lines
from chainrule.model import Model
from chainrule.namespace import Array

READABLE = 64  # arrays of so many numbers are written out; larger ones as text of 85 letters
WIDTH = 96

HEAD = '''"""{name}: a trained network, with nothing but NumPy.

    {network}

    python {name}.py               checks a few rows against the numbers they gave when exported
    python {name}.py rows.npy      prints the answers to rows ({shape}), one a line

From Python: {name}.predict(X), {name}.predictions(X), {name}.outputs(X).
Written by chainrule {version}.
"""

import base64
import math
import sys
from itertools import product

import numpy as np

Array = np.ndarray
'''
UNPACKING = '''
def array(shape, dtype, text):
    """Return the array that the text holds: its bytes, little-endian, in base 85."""
    data = base64.b85decode("".join(text.split()))
    return np.frombuffer(data, np.dtype(dtype).newbyteorder("<")).astype(dtype).reshape(shape)
'''
TEST = '''
def check():
    """Compare a few rows with what they gave when this file was written; return the difference."""
    return float(np.max(np.abs(outputs(ROWS) - OUTPUTS) / (1 + np.abs(OUTPUTS))))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        for answer in predict(np.load(sys.argv[1], allow_pickle=False)).tolist():
            print(*answer if isinstance(answer, list) else [answer], sep=",")
    else:
        worst = check()
        print(f"{len(ROWS)} rows, worst difference {worst:.1e}")
        sys.exit(not worst < 1e-4)
'''


def python_code(model: Model, name: str, rows: Array) -> str:
    """Return the file's text; `rows` are the samples that it checks itself with."""
    program, answers = program_of(model), answers_of(model)
    body = _network(program) + _answers(answers)
    shape = ", ".join(["m", *map(str, program.shapes[0])])
    head = HEAD.format(
        name=name, network=repr(model.network), shape=shape, version=chainrule.__version__
    )
    X = rows.astype(model.dtype)
    data = "".join(f'    "{n}": {literal(a)},\n' for n, a in program.weights.items())
    return "\n".join(
        [
            head,
            _parts_in(body),
            body + UNPACKING,
            f"P = {{  # the weights, by the layers' numbers\n{data}}}",
            f"ROWS = {literal(X)}",
            f"OUTPUTS = {literal(model.outputs(rows))}\n",
            TEST,
        ]
    )


def literal(a: Array) -> str:
    """Return an array as Python code.

    >>> literal(np.array([0.5, 0.1], np.float32))
    'np.array([0.5, 0.1], "float32")'
    """
    if a.size <= READABLE:
        shortest = np.array([str(number) for number in a.ravel()], object).reshape(a.shape)
        text = str(shortest.tolist()).replace("'", "")
        return f'np.array({text}, "{a.dtype}")'
    packed = base64.b85encode(a.astype(a.dtype.newbyteorder("<")).tobytes()).decode()
    lines = "\n".join(packed[i : i + WIDTH] for i in range(0, len(packed), WIDTH))
    return f'array({a.shape}, "{a.dtype}", """\n{lines}\n""")'


def _network(program: Program) -> str:
    last, names = program.last_uses, {0: "X"}
    lines, free = [], iter(f"X{i}" for i in range(1, len(program.shapes) + 1))
    for i, op in enumerate(program.operations):
        inputs = [names[v] for v in op.inputs]
        done = [v for v in op.inputs if last[v] <= i]
        names[op.output] = names[done[0]] if done else next(free)
        code = python_lines(op, inputs, names[op.output])
        shape = ", ".join(["m", *map(str, op.shape)])
        lines += [f"# {op.place} -> ({shape})", *code]
    lines.append(f"return {names[program.output]}")
    taken, (given,) = program.shapes[0], program.shapes[program.output]
    sizes = ", ".join(map(str, taken))
    return f'''
def outputs(X):
    """Return the raw outputs Z (m, {given}) for samples X (m, {sizes})."""
    X = np.asarray(X, "{program.dtype}").reshape(-1, {sizes})
    with np.errstate(over="ignore"):
{indent(chr(10).join(lines), " " * 8)}

'''


def _answers(answers: Answers) -> str:
    link = {
        "": "Z",
        "softmax": "softmax(Z)",
        "sigmoid": "sigmoid(Z)",
        "exp": "np.exp(Z)",
        "scale": f"Z * {answers.spread!r} + {answers.shift!r}",
    }
    chosen = {
        "labels": "outputs(X).argmax(axis=1)",
        "flags": f"(outputs(X) > {answers.threshold!r}).astype(int)",
        "values": "predictions(X)",
    }[answers.kind]
    lines = [f"answers = {chosen}"]
    if answers.classes:
        lines.append("answers = np.array(CLASSES)[answers]")
    if answers.flat and answers.outputs == 1:
        lines.append("answers = answers[:, 0]")
    named = f"CLASSES = {answers.classes!r}\n\n" if answers.classes else ""
    what = {"labels": "the class", "flags": "yes or no", "values": "the numbers"}[answers.kind]
    return f'''{named}
def predictions(X):
    """Return what the outputs mean: probabilities, where there are classes."""
    Z = outputs(X)
    return {link[answers.link]}


def predict(X):
    """Return the answers: {what} for each sample."""
{indent(chr(10).join(lines), "    ")}
    return answers

'''


def _parts_in(body: str) -> str:
    """Return the functions that the code calls, and those that they call."""
    sources = {n: inspect.getsource(f) for n, f in vars(parts).items() if _own(f)}
    needed, text = [], body
    while True:
        new = [n for n in sources if n not in needed and re.search(rf"\b{n}\(", text)]
        if not new:
            return "\n\n".join(["", *(sources[n] for n in sources if n in needed)])
        needed += new
        text = "".join(sources[n] for n in new)


def _own(value: object) -> bool:
    return inspect.isfunction(value) and value.__module__ == parts.__name__
