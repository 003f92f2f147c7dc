"""A table's model is compared on the table's rows when it is written as code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from chainrule.cli import main

pytest.importorskip("polars")


def test_a_model_of_a_table_is_compared_on_its_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    rows = [f"{i},{'ab'[i % 2]},{i * (1 + i % 2)}" for i in range(60)]
    Path("sold.csv").write_text("\n".join(["size,kind,price", *rows]) + "\n")
    assert (
        main(["train", "sold.csv", "--target", "price", "--epochs", "2", "-q", "--engine", "numpy"])
        == 0
    )
    for data, expected in (("", 8), (" --data sold.csv", 60)):  # those held out, or all
        capsys.readouterr()
        assert main(f"export sold.safetensors --to python --json{data}".split()) == 0
        report = json.loads(capsys.readouterr().out)
        assert (report["rows"], report["differing"]) == (expected, 0)
