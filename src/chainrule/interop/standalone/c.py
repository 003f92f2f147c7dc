"""A trained network as one C header: float32, no allocation, nothing but the C library."""

from __future__ import annotations

import re
from importlib.resources import files
from math import prod
from textwrap import indent, wrap

import chainrule
from chainrule.interop.program import Program, program_of
from chainrule.interop.standalone.answers import Answers, answers_of
from chainrule.interop.standalone.c_layers import call_of, panels
from chainrule.layers.convolution import Convolution
from chainrule.layers.dense import Dense
from chainrule.model import Model
from chainrule.namespace import Array

WIDTH = 100

HEAD = """/* {file}: a trained network in C99, with nothing but the C library.

{network}

   {weights:,} bytes of weights, {scratch:,} bytes of scratch on the stack (#define {NAME}_SCRATCH
   static before the #include to keep it off the stack). Thread-safe unless you do; allocates
   nothing. Written by chainrule {version}.

       #include "{file}"
{usage}

   A check of a few rows, and a program that answers floats from stdin with floats to stdout:

       cc -O3 -D{NAME}_MAIN -x c {file} -o {name} -lm && ./{name}
       ./{name} - < rows.f32 > outputs.f32
*/
#ifndef {NAME}_H
#define {NAME}_H

#include <math.h>
#include <string.h>

#define {NAME}_INPUTS {inputs}
#define {NAME}_OUTPUTS {outputs}
#ifndef {NAME}_SCRATCH
#define {NAME}_SCRATCH
#endif
"""
MAIN = """
#ifdef {NAME}_MAIN
#include <stdio.h>
#include <time.h>

static const float {name}_rows[{count}][{NAME}_INPUTS] = {{
{rows}
}};
static const float {name}_expected[{count}][{NAME}_OUTPUTS] = {{
{expected}
}};

int main(int argc, char **argv) {{
    float x[{NAME}_INPUTS], z[{NAME}_OUTPUTS], worst = 0;
    (void)argv;
    if (argc > 1) {{
        while (fread(x, sizeof *x, {NAME}_INPUTS, stdin) == {NAME}_INPUTS) {{
            {name}_outputs(x, z);
            if (fwrite(z, sizeof *z, {NAME}_OUTPUTS, stdout) != {NAME}_OUTPUTS) return 1;
        }}
        return 0;
    }}
    for (int i = 0; i < {count}; i++) {{
        {name}_outputs({name}_rows[i], z);
        for (int k = 0; k < {NAME}_OUTPUTS; k++) {{
            const float e = {name}_expected[i][k], d = fabsf(z[k] - e) / (1 + fabsf(e));
            if (!(d <= worst)) worst = d; /* a NaN as well */
        }}
    }}
    const int times = 2000;
    volatile float kept = 0;
    const clock_t start = clock();
    for (int i = 0; i < times; i++) {{
        {name}_outputs({name}_rows[i % {count}], z);
        kept = z[0];
    }}
    (void)kept;
    const double us = 1e6 * (double)(clock() - start) / CLOCKS_PER_SEC / times;
    printf("{count} rows, worst difference %.1e, %.2f us a row\\n", worst, us);
    return !(worst < 1e-4f);
}}
#endif
#endif
"""


def c_code(model: Model, name: str, rows: Array) -> str:
    """Return the header's text; `rows` are the samples that its `main` checks itself with."""
    program, answers = program_of(model), answers_of(model)
    arrays = _arrays(program)
    body, scratch = _network(program)
    body += _answers(answers)
    data = "\n".join(_array(n, a) for n, a in arrays.items())
    Z = model.outputs(rows)
    inputs = prod(program.shapes[0])
    NAME = name.upper()
    text = HEAD.format(
        file=f"{name}.h",
        name=name,
        NAME=NAME,
        network="\n".join(wrap(repr(model.network), WIDTH, initial_indent="   ",
                               subsequent_indent="   ")),
        weights=4 * sum(a.size for a in arrays.values()),
        scratch=4 * scratch,
        usage=indent(_named(_usage(answers), name), " " * 7),
        inputs=inputs,
        outputs=answers.outputs,
        version=chainrule.__version__,
    )  # fmt: skip
    main = MAIN.format(
        name=name, NAME=NAME, count=len(rows),
        rows=_rows(rows.reshape(len(rows), -1)), expected=_rows(Z),
    )  # fmt: skip
    code = "\n".join([data, _parts_in(body), body])
    return f"{text}\n{_named(code, name)}{main}"


def _named(code: str, name: str) -> str:
    """Return code with the network's name in place of NAME."""
    macros = ("NAME_SCRATCH", "NAME_OUTPUTS")
    return re.sub(
        r"\bNAME_\w+",
        lambda m: (name.upper() if m[0] in macros else name) + m[0].removeprefix("NAME"),
        code,
    )


def _number(value: float) -> str:
    text = f"{value:.9g}"
    return f"{text}f" if "." in text or "e" in text else f"{text}.0f"


def _numbers(a: Array) -> str:
    return "\n".join(wrap(", ".join(map(_number, a.ravel().tolist())), WIDTH - 4))


def _rows(a: Array) -> str:
    return ",\n".join(f"{{{_numbers(row.astype('float32'))}}}" for row in a)


def _array(name: str, a: Array) -> str:
    return f"static const float {name}[{a.size}] = {{\n{indent(_numbers(a), '    ')}}};\n"


def _c_names(program: Program) -> dict[str, str]:
    """Return the name in C of every array of weights; no two are the same."""
    names: dict[str, str] = {}
    for weight in program.weights:
        name = "NAME_" + weight.replace(".", "_")
        while name in names.values():
            name += "_"
        names[weight] = name
    return names


def _arrays(program: Program) -> dict[str, Array]:
    """Return the arrays that the operations need, matrices in the order in which they are read."""
    used, c_names = dict[str, Array](), _c_names(program)
    for op in program.operations:
        for letter, name in op.arrays.items():
            a = program.weights[name].astype("float32")
            if letter != "samples":
                is_matrix = letter == "W" and isinstance(op.layer, Dense | Convolution)
                used[c_names[name]] = panels(a) if is_matrix else a
    return used


def _network(program: Program) -> tuple[str, int]:
    """Return the function that computes the outputs, and how many floats of scratch it takes."""
    last, c_names = program.last_uses, _c_names(program)
    at, sizes = {0: "x"}, dict[str, int]()  # where each value lies; the room of each array
    lines, row = [], 0
    for i, op in enumerate(program.operations):
        arrays = {letter: c_names[name] for letter, name in op.arrays.items()}
        call = call_of(op, program.weights, arrays)
        inputs = [at[v] for v in op.inputs]
        # An array is free when no value that lies in it is needed after this operation.
        busy = {at[v] for v in at if last.get(v, -1) > i}
        if not call.code:
            at[op.output] = inputs[0]
        else:
            own = [a for a in inputs if a not in busy and a != "x"] if call.in_place else []
            free = own or [a for a in sizes if a not in busy and a not in inputs]
            at[op.output] = free[0] if free else f"h{len(sizes)}"
        target = at[op.output]
        if target != "x":
            sizes[target] = max(sizes.get(target, 0), prod(op.shape))
        row = max(row, call.row)
        lines.append(f"/* {op.place.replace('*/', '* /')} */")
        if call.code:
            names = {f"x{k or ''}": a for k, a in enumerate(inputs)}
            lines.append(call.code.format(**names, y=target))
    outputs = prod(program.shapes[program.output])
    lines.append(f"memcpy(z, {at[program.output]}, {outputs} * sizeof *z);")
    scratch = {**sizes, "row": row} if row else sizes
    room = [f"NAME_SCRATCH float {', '.join(f'{a}[{n}]' for a, n in scratch.items())};"]
    shape = ", ".join(map(str, program.shapes[0]))
    body = indent("\n".join([*(room if scratch else []), *lines]), "    ")
    return (
        f"/* The raw outputs of one sample x ({shape}), last axis fastest. */\n"
        f"static inline void NAME_outputs(const float *x, float *z) {{\n{body}\n}}\n",
        sum(scratch.values()),
    )


def _usage(answers: Answers) -> str:
    predict = {
        "labels": ["NAME_predict(x)            the number of the likeliest class"],
        "flags": ["NAME_predict(x, yes)       yes or no, for each output"],
        "values": [],
    }
    return "\n".join(
        [
            "NAME_outputs(x, z);        raw outputs",
            "NAME_predictions(x, p);    what they mean: probabilities, where there are classes",
            *predict[answers.kind],
        ]
    )


def _answers(answers: Answers) -> str:
    n = answers.outputs
    per_entry = {
        "": "",
        "softmax": f"    NAME_softmax(1, {n}, p, p);\n",
        "sigmoid": f"    for (int k = 0; k < {n}; k++) p[k] = NAME_sigmoid(p[k]);\n",
        "exp": f"    for (int k = 0; k < {n}; k++) p[k] = expf(p[k]);\n",
        "scale": (
            f"    for (int k = 0; k < {n}; k++)\n"
            f"        p[k] = p[k] * {answers.spread!r}f + {answers.shift!r}f;\n"
        ),
    }
    code = (
        "\n/* What the outputs mean: probabilities, where there are classes. */\n"
        "static inline void NAME_predictions(const float *x, float *p) {\n"
        f"    NAME_outputs(x, p);\n{per_entry[answers.link]}}}\n"
    )
    if answers.classes:
        names = ", ".join(_quoted(c) for c in answers.classes)
        size = len(answers.classes)
        code += f"\nstatic const char *const NAME_classes[{size}] = {{{names}}};\n"
    if answers.kind == "labels":
        code += (
            "\n/* The number of the likeliest class. */\n"
            "static inline int NAME_predict(const float *x) {\n"
            f"    float z[{n}];\n    int best = 0;\n    NAME_outputs(x, z);\n"
            f"    for (int k = 1; k < {n}; k++)\n        if (z[k] > z[best]) best = k;\n"
            "    return best;\n}\n"
        )
    elif answers.kind == "flags":
        code += (
            "\n/* Yes (1) or no (0), for each output. */\n"
            "static inline void NAME_predict(const float *x, int *yes) {\n"
            f"    float z[{n}];\n    NAME_outputs(x, z);\n"
            f"    for (int k = 0; k < {n}; k++) yes[k] = z[k] > {answers.threshold!r}f;\n}}\n"
        )
    return code


def _quoted(text: str) -> str:
    """Return text as a C string; what is not plain ASCII by its bytes."""
    plain = "".join(
        chr(b) if 32 <= b < 127 and chr(b) not in '"\\?' else f"\\{b:03o}" for b in text.encode()
    )
    return f'"{plain}"'


def _parts_in(body: str) -> str:
    """Return the functions that the code calls, and those that they call."""
    source = files("chainrule.interop.standalone").joinpath("parts.c").read_text("utf-8")
    parts = {
        re.findall(r"\b(NAME_\w+)\(", part)[0]: part.strip()
        for part in re.split(r"\n\n(?=/\*)", source)
    }
    needed, text = set[str](), body
    while new := {n for n in parts if n not in needed and re.search(rf"\b{n}\(", text)}:
        needed |= new
        text = "".join(parts[n] for n in new)
    return "\n\n".join(part for n, part in parts.items() if n in needed) + "\n"
