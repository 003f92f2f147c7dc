"""The JSON fits its schema, and its formulas and arrays give its results."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.explaining.explain import FORMS, explain
from chainrule.explaining.json_format import as_data, as_json, schema
from chainrule.explaining.worksheet import worksheet
from chainrule.formulas import evaluate
from explained_pages import CASES, example, lines

SCHEMA = schema()
TYPES: dict[str, Any] = {
    "object": dict, "array": list, "string": str, "integer": int, "number": int | float,
    "boolean": bool, "null": type(None),
}  # fmt: skip


def complaints(value: Any, rule: dict[str, Any], at: str = "$") -> list[str]:
    """What JSON Schema would say: the keywords that the shipped schema uses, and no others."""
    known = {"$schema", "$defs", "title", "type", "const", "enum", "anyOf", "$ref", "pattern",
             "required", "properties", "additionalProperties", "items"}  # fmt: skip
    assert set(rule) <= known, set(rule) - known
    if "$ref" in rule:
        return complaints(value, SCHEMA["$defs"][rule["$ref"].removeprefix("#/$defs/")], at)
    if "anyOf" in rule:
        tried = [complaints(value, one, at) for one in rule["anyOf"]]
        return [] if [] in tried else [f"{at}: none of {len(tried)}: {min(tried, key=len)[:3]}"]
    if "const" in rule and value != rule["const"]:
        return [f"{at}: expected {rule['const']!r}, got {value!r}"]
    if "enum" in rule and value not in rule["enum"]:
        return [f"{at}: {value!r} is none of {rule['enum']}"]
    if "type" in rule:
        right = isinstance(value, TYPES[rule["type"]])
        if not right or (isinstance(value, bool) and rule["type"] != "boolean"):
            return [f"{at}: expected {rule['type']}, got {value!r}"]
    found = []
    if "pattern" in rule and not re.search(rule["pattern"], value):
        found.append(f"{at}: {value!r} does not match")
    if isinstance(value, dict):
        properties, others = rule.get("properties", {}), rule.get("additionalProperties")
        found += [f"{at}: lacks {key}" for key in rule.get("required", []) if key not in value]
        for key, entry in value.items():
            if key in properties:
                found += complaints(entry, properties[key], f"{at}.{key}")
            elif others is False:
                found.append(f"{at}: {key} is not known")
            elif isinstance(others, dict):
                found += complaints(entry, others, f"{at}.{key}")
    if isinstance(value, list) and "items" in rule:
        for i, entry in enumerate(value):
            found += complaints(entry, rule["items"], f"{at}[{i}]")
    return found


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", CASES)
def test_every_page_fits_the_schema(name: str, form: str) -> None:
    model, x, y = CASES[name]()
    page = explain(model, x, y, board="columns", form=form).page
    assert complaints(json.loads(as_json(page)), SCHEMA) == []


def test_the_schema_refuses_what_is_wrong() -> None:
    data = as_data(example().page)
    assert complaints({**data, "version": 2}, SCHEMA)
    assert complaints({k: v for k, v in data.items() if k != "arrays"}, SCHEMA)
    data["sections"][1]["blocks"][0]["digits"] = "many"
    assert complaints(data, SCHEMA)


def test_the_source_of_each_formula_gives_the_result_from_the_arrays() -> None:
    page = example(board="columns").page
    data = json.loads(as_json(page))
    blocks = [b for s in data["sections"] for b in s["blocks"] if b["type"] == "line"]
    functions = {b.left: b.functions for b in lines(page)}

    def array(name: str) -> np.ndarray:
        entry = data["arrays"][name]
        return np.array(entry["data"], float).reshape(entry["shape"])

    counted = 0
    for block in blocks:
        values = {n: array(a) for n, a in block["values"].items()}
        for formula in block["formulas"]:
            value = evaluate(formula["source"], values, functions[block["name"]], block["samples"])
            np.testing.assert_allclose(value, array(block["result"]), atol=1e-12)
            counted += 1
    assert counted > 15


def test_equal_arrays_are_stored_once() -> None:
    data = as_data(example().page)
    stored = [json.dumps(a) for a in data["arrays"].values()]
    assert len(set(stored)) == len(stored)


def test_what_is_not_finite_has_a_name() -> None:
    model = cr.Model(cr.Dense(1), cr.SquaredError(), cr.SGD(0.5), input_shape=(1,), dtype="float64")
    model.set_parameters({"W": [[1e200]], "b": [0.0]})
    with np.errstate(all="ignore"):
        text = as_json(explain(model, [[1e200]], [[0.0]]).page)
    assert '"Infinity"' in text
    assert complaints(json.loads(text), SCHEMA) == []


def test_a_worksheet_does_not_give_its_answers_away() -> None:
    model = cr.Model(cr.Dense(1), cr.SquaredError(), cr.SGD(0.5), input_shape=(2,))
    data = json.loads(worksheet(model, "ada").blank.to_json())
    assert complaints(data, SCHEMA) == []
    open_lines = [b for s in data["sections"] for b in s["blocks"] if b.get("blank")]
    assert len(open_lines) == 8
    assert all(b["result"] is None for b in open_lines)


def test_the_schema_is_documented_field_by_field() -> None:
    text = (Path(__file__).parents[2] / "docs" / "explain-schema.md").read_text(encoding="utf-8")
    names = {
        name for rule in [SCHEMA, *SCHEMA["$defs"].values()] for name in rule.get("properties", {})
    }
    missing = [name for name in sorted(names) if f"`{name}`" not in text]
    assert missing == []
