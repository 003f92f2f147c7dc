"""Tables: what a column is taken for, bad input in one line, a model that needs nothing else."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr

pl = pytest.importorskip("polars")


def houses(n: int = 300) -> dict[str, list[Any]]:
    rng = np.random.default_rng(0)
    size = rng.uniform(30, 200, n).round(1).tolist()
    town = [["Bern", "Rome", "Oslo"][i] for i in rng.integers(0, 3, n)]
    garden = [["yes", "no"][i] for i in rng.integers(0, 2, n)]
    day = [f"20{i % 24:02d}-{i % 12 + 1:02d}-{i % 28 + 1:02d}" for i in range(n)]
    price = [
        3 * s + 60 * (t == "Rome") + 40 * (g == "yes")
        for s, t, g in zip(size, town, garden, strict=True)
    ]
    return {
        "id": list(range(1, n + 1)),
        "size": [None if i % 20 == 3 else s for i, s in enumerate(size)],
        "town": town,
        "garden": garden,
        "sold": day,
        "note": [f"note {i}" for i in range(n)],
        "price": price,
    }


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tables") / "houses.csv"
    pl.DataFrame(houses()).write_csv(path)
    return path


@pytest.fixture(scope="module")
def trained(file: Path) -> Any:
    return cr.tables.train(file, "price", epochs=30, hidden=(32,), engine="numpy")


def test_every_column_has_its_kind_and_a_reason(trained: Any) -> None:
    kinds = {c.name: c.kind for c in trained.schema.columns}
    assert kinds == {
        "id": "ignore", "size": "number", "town": "category", "garden": "boolean",
        "sold": "date", "note": "ignore",
    }  # fmt: skip
    assert all(c.reason for c in trained.schema.columns)


def test_it_beats_the_mean_and_says_what_it_goes_by(trained: Any) -> None:
    assert trained.scores["r2"] > 0.6 > trained.baselines["mean"]["r2"]
    assert next(iter(trained.importance)) == "size"
    assert set(trained.baselines) == {"mean", "linear"}


def test_the_file_alone_predicts_whatever_the_columns_order(
    trained: Any, file: Path, tmp_path: Path
) -> None:
    trained.model.save(tmp_path / "m.safetensors")
    model = cr.load(tmp_path / "m.safetensors")
    expected = trained.model.predict(file)
    frame = pl.DataFrame(houses())
    turned = frame.select(sorted(frame.columns, reverse=True)).drop("price", "id")
    np.testing.assert_array_equal(model.predict(turned), expected)
    turned.write_parquet(tmp_path / "new.parquet")
    np.testing.assert_array_equal(model.predict(tmp_path / "new.parquet"), expected)
    pandas = pytest.importorskip("pandas")
    np.testing.assert_array_equal(model.predict(pandas.DataFrame(houses())), expected)
    assert cr.tables.evaluate(model, file, "test")[0]["r2"] == pytest.approx(
        trained.scores["r2"], abs=1e-5
    )


def test_without_hidden_layers_attributions_add_up_to_the_answer_less_the_mean(file: Path) -> None:
    columns = {"town": "category", "id": "number"}
    trained = cr.tables.train(file, "price", columns=columns, hidden=(), epochs=2, engine="numpy")
    rows = {name: values[0] for name, values in houses().items()}
    X = trained.schema.encode([rows, {**rows, "town": "Atlantis", "size": None}])
    from chainrule.tables.source import open_source
    from chainrule.tables.survey import survey

    parts = survey(open_source(file), "price", {}, 0.2, 0.1, 0).parts
    mean = trained.model.predict(trained.schema.encode(file)[parts == 0]).mean()
    answers = trained.model.predict(X)
    for found, answer in zip(cr.tables.attributions(trained.model, X), answers, strict=True):
        assert sum(found.values()) == pytest.approx(answer - mean, rel=1e-3)


def test_attributions_are_the_gradient_times_the_input(trained: Any) -> None:
    X = trained.schema.encode(pl.DataFrame(houses())[:1]).astype(np.float64)
    spread = trained.model.trained_loss.spread
    place = trained.schema.places["size"]
    state = trained.model.state.running["0"]["numbers"]["1"]
    h, total = 1e-2, 0.0
    for j in place:
        step = np.zeros_like(X)
        step[0, j] = h * state["spread"][j]
        slope = (trained.model.outputs(X + step) - trained.model.outputs(X - step)) / (2 * h)
        total += slope[0, 0] * (X[0, j] - state["shift"][j]) / state["spread"][j]
    found = cr.tables.attributions(trained.model, X)[0]["size"]
    assert found == pytest.approx(total * spread, rel=1e-2)


def test_uneven_classes_are_weighted_alike() -> None:
    x = np.linspace(-1, 1, 400)
    rows = {"x": x.tolist(), "z": (x**2).tolist(), "y": ["rare" if v > 0.9 else "no" for v in x]}
    trained = cr.tables.train(rows, "y", columns={"x": "number"}, engine="numpy")
    assert trained.balanced
    assert trained.scores["balanced_accuracy"] > 0.8


BAD = {
    "a missing target": ("a,y\n1,2\n2,\n3,4\n", 'column "y", row 3: the target is missing'),
    "one class": ("a,y\n" + "".join(f"{i},yes\n" for i in range(9)), "has one class"),
    "mixed types": ("a,y\n1,2\n2.5,3\nhuge,4\n5,1\n", 'column "a", row 4: expected a number'),
    "all missing": ("a,b,y\n,1,2\nNA,2,3\n", 'column "a" is empty'),
    "names twice": ("a,a,y\n1,2,3\n", 'row 1: columns 1 and 2 are both called "a"'),
    "an empty file": ("", "the file is empty"),
    "a quote left open": ('a,y\n1,2\n"3,4\n5,6\n', "a quote is opened and never closed"),
    "a header alone": ("a,y\n", "a header and no rows"),
    "too few cells": ("a,b,y\n1,2,3\n1,2\n", 'row 3: expected 3 cells separated by ",", got 2'),
    "another delimiter": ("a~y\n1~2\n", "the whole first row is one name"),
    "an infinite number": ("a,b,y\n1,1,1\ninf,2,2\n3,4,5\n", 'column "a", row 3'),
    "dates in three formats": (
        "d,y\n2024-01-31,1\n31.01.2024,2\n2024-02-01,3\n01/31/2024,4\n",
        'column "d", row 3: expected a date like YYYY-MM-DD',
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_clear_message_and_nothing_is_written(case: str, tmp_path: Path) -> None:
    content, message = BAD[case]
    (tmp_path / "t.csv").write_text(content)
    with pytest.raises(cr.DataError) as error:
        cr.tables.train(tmp_path / "t.csv", "y")
    assert message in str(error.value)
    assert [p.name for p in tmp_path.iterdir()] == ["t.csv"]


def test_another_encoding_names_column_and_row(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes("a,town,y\n1,Bern,2\n2,Zürich,3\n".encode("latin-1"))
    with pytest.raises(cr.DataError, match='column "town", row 3: expected UTF-8'):
        cr.tables.train(tmp_path / "t.csv", "y")


def test_other_columns_at_predict_time(trained: Any) -> None:
    with pytest.raises(cr.DataError, match='lacks the column "size"'):
        trained.model.predict(pl.DataFrame(houses()).drop("size"))
    frame = pl.DataFrame(houses())[:2].with_columns(size=pl.Series(["1", "big"]))
    with pytest.raises(cr.DataError, match='column "size", row 1: expected a finite number'):
        trained.model.predict(frame)


def test_parquet_is_refused_as_csv_is(tmp_path: Path) -> None:
    (tmp_path / "empty.parquet").write_bytes(b"")
    with pytest.raises(cr.DataError, match="the file is empty"):
        cr.tables.train(tmp_path / "empty.parquet", "y")
    arrow = pytest.importorskip("pyarrow")
    pytest.importorskip("pyarrow.parquet")
    twice = arrow.Table.from_arrays([arrow.array([1, 2])] * 3, names=["a", "a", "y"])
    arrow.parquet.write_table(twice, tmp_path / "twice.parquet")
    with pytest.raises(cr.DataError, match='two columns are called "a"'):
        cr.tables.train(tmp_path / "twice.parquet", "y")


@pytest.mark.parametrize("kind", ["list", "struct", "duration", "binary"])
def test_a_column_that_is_no_single_value_is_named(kind: str, tmp_path: Path) -> None:
    cells: Any = {
        "list": [[1, 2]] * 30, "struct": [{"a": 1}] * 30, "binary": [b"x"] * 30,
        "duration": [datetime.timedelta(1)] * 30,
    }[kind]  # fmt: skip
    frame = pl.DataFrame({"a": [5, 7, 1] * 10, "odd": cells, "y": [0, 1, 2] * 10})
    frame.write_parquet(tmp_path / "odd.parquet")
    for data in (frame, tmp_path / "odd.parquet"):
        with pytest.raises(cr.DataError, match=rf'(?i)column "odd" holds {kind}.*odd=ignore'):
            cr.tables.train(data, "y")
        with pytest.raises(cr.DataError, match='column "odd" holds'):
            cr.tables.train(data, "odd")
    cr.tables.train(frame, "y", columns={"odd": "ignore"}, epochs=1, verbose=0)


def test_frames_of_pandas_and_polars_are_read_alike() -> None:
    pandas = pytest.importorskip("pandas")
    n = 60
    frame = pandas.DataFrame(
        {
            "town": pandas.Categorical(["Bern", "Rome", None] * 20),
            "rooms": pandas.array([None, *range(1, n)], dtype="Int64") % 5,
            "new": pandas.array([True, False, None] * 20, dtype="boolean"),
            "at": pandas.date_range("2024-01-01", periods=n, freq="7h", tz="Europe/Berlin"),
            "price": np.arange(n) ** 1.5,
        },
        index=range(n, 0, -1),
    )
    trained = cr.tables.train(frame, "price", epochs=1, engine="numpy")
    kinds = {c.name: c.kind for c in trained.schema.columns}
    assert kinds == {"town": "category", "rooms": "number", "new": "boolean", "at": "date"}
    columns: dict[str, Any] = {
        "town": ["Bern", "Rome", None] * 20,
        "rooms": [None, *(i % 5 for i in range(1, n))],
        "new": [True, False, None] * 20,
        "at": pl.Series(frame["at"].dt.tz_localize(None).tolist()),
    }
    expected = trained.model.predict(pl.DataFrame(columns))
    np.testing.assert_array_equal(trained.model.predict(frame), expected)


def test_columns_can_be_overruled(file: Path) -> None:
    trained = cr.tables.train(
        file, "price", columns="town=ignore,id=number", epochs=1, engine="numpy"
    )
    kinds = {c.name: c.kind for c in trained.schema.columns}
    assert (kinds["town"], kinds["id"]) == ("ignore", "number")
    with pytest.raises(cr.ConfigurationError, match="unknown kind"):
        cr.tables.train(file, "price", columns="town=colour")


def test_decimal_commas_are_numbers_where_semicolons_separate(tmp_path: Path) -> None:
    lines = [f"{40 + i % 90},5;{'ab'[i % 2]};1.{100 + i % 90},25" for i in range(60)]
    (tmp_path / "t.csv").write_text("\n".join(["size;kind;price", *lines]))
    trained = cr.tables.train(tmp_path / "t.csv", "price", epochs=1, engine="numpy")
    assert trained.schema.target.mean == pytest.approx(1129, abs=5)
    assert trained.schema.columns[0].kind == "number"


def test_test_and_validation_rows_may_come_from_tables_of_their_own(
    file: Path, tmp_path: Path, monkeypatch: Any, capsys: Any
) -> None:
    from chainrule.cli import main

    monkeypatch.chdir(tmp_path)
    pl.DataFrame(houses(40)).write_parquet("later.parquet")
    run = f"train {file} --target price --epochs 2 -q --engine numpy --output m.safetensors"
    assert main([*run.split(), "--test", "later.parquet", "--validation", "later.parquet"]) == 0
    assert "test, 40 rows" in capsys.readouterr().out
    assert cr.load("m.safetensors").receipt
    assert main(["reproduce", "m.safetensors", "--exact"]) == 0
    pl.DataFrame(houses(40)).drop("size").write_csv("other.csv")
    assert main([*run.split(), "--test", "other.csv"]) == 2
    assert 'other.csv lacks the column "size"' in capsys.readouterr().err
    assert main([*run.split(), "--test", "lter.parquet"]) == 2
    assert 'did you mean "later.parquet"?' in capsys.readouterr().err
    assert main([*run.split(), "--max-memory", "1k"]) == 2


def test_blank_lines_and_quotes_are_no_rows(tmp_path: Path) -> None:
    body = "\n".join(f'{i % 7},"a ""b"", {i % 3}\nc",{i}' for i in range(40))
    (tmp_path / "t.csv").write_text(f"a,t,y\r\n\n{body}\n\n\n")
    from chainrule.tables.source import open_source

    chunks = list(open_source(tmp_path / "t.csv").chunks())
    assert sum(len(c.frame) for c in chunks) == 40
    assert chunks[0].frame["t"][0] == 'a "b", 0\nc'


def test_the_command_trains_predicts_and_reports(
    file: Path, tmp_path: Path, monkeypatch: Any, capsys: Any
) -> None:
    from chainrule.cli import main

    monkeypatch.chdir(tmp_path)
    run = f"train {file} --target price --epochs 3 --engine numpy --output m.safetensors"
    assert main(run.split()) == 0
    shown = capsys.readouterr()
    assert "this network" in shown.out
    assert "3 different texts" in shown.err
    page = Path("m.html").read_text(encoding="utf-8")
    assert page.count("<svg") == 3
    assert main(["predict", "m.safetensors", str(file), "--why", "--sample", "0"]) == 0
    assert "size" in capsys.readouterr().out
    assert main(["evaluate", "m.safetensors", str(file)]) == 0
    assert "r2" in capsys.readouterr().out
    assert main(["inspect", "m.safetensors"]) == 0
    assert "town" in capsys.readouterr().out
    Path("bad.csv").write_text("a,y\n1,\n")
    assert main(["train", "bad.csv", "--target", "y"]) == 2
    assert not Path("bad.safetensors").exists()


def test_without_polars_the_message_names_the_extra(
    file: Path, tmp_path: Path, monkeypatch: Any, capsys: Any
) -> None:
    from chainrule.cli import main

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("chainrule.cli.tables.installed", lambda: False)
    assert main(["train", str(file), "--target", "price"]) == 2
    assert 'pip install "chainrule[tables]"' in capsys.readouterr().err


def test_a_row_is_explained_and_training_resumes(
    file: Path, tmp_path: Path, monkeypatch: Any, capsys: Any
) -> None:
    from chainrule.cli import main

    monkeypatch.chdir(tmp_path)
    run = f"train {file} --target price --layers 4 --engine numpy -q --checkpoint c --resume"
    assert main([*run.split(), "--epochs", "2", "--output", "a.safetensors"]) == 0
    assert main([*run.split(), "--epochs", "3", "--output", "b.safetensors"]) == 0
    assert cr.load("b.safetensors").history.epochs == 3
    capsys.readouterr()
    assert main(["explain", "b.safetensors", str(file), "--sample", "2"]) == 0
    assert "concatenate" in capsys.readouterr().out
    assert main(["doctor", "b.safetensors", str(file)]) in (0, 1)
    assert "leak" not in capsys.readouterr().out


@pytest.mark.slow
def test_memory_does_not_grow_with_the_file() -> None:
    import re
    import subprocess
    import sys

    root = Path(__file__).parents[2]
    command = [sys.executable, str(root / "benchmarks/large_table.py"), "--megabytes", "60"]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found = re.search(r"peak memory ([\d,]+) MiB", out)
    assert found
    assert int(found[1].replace(",", "")) < 450


def test_rows_on_disk_give_the_same_numbers(file: Path, monkeypatch: Any) -> None:
    options: dict[str, Any] = {"epochs": 2, "engine": "numpy", "hidden": (8,)}
    in_memory = cr.tables.train(file, "price", **options)
    monkeypatch.setattr("chainrule.tables.encoding.IN_MEMORY", 0)
    on_disk = cr.tables.train(file, "price", **options)
    assert on_disk.scores == in_memory.scores
    np.testing.assert_array_equal(on_disk.model.predict(file), in_memory.model.predict(file))
