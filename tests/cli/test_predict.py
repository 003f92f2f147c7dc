from __future__ import annotations

import csv
import io

import pytest

import chainrule as cr


def test_one_answer_a_line(run, digits):
    _, (x_test, _) = cr.data.load("digits")
    expected = [str(answer) for answer in cr.load(digits).predict(x_test)]
    assert run("predict", digits, "digits").out.splitlines() == expected


def test_samples_by_number(run, digits):
    everything = run("predict", digits, "digits", "--json").json["answers"]
    some = run("predict", digits, "digits", "--sample", "3,5", "--json").json["answers"]
    assert some == [everything[3], everything[5]]
    assert "numbers from 0 to 359" in run("predict", digits, "digits", "--sample", "360").err


def test_probabilities_are_a_csv_that_sums_to_one(run, digits):
    out = run("predict", digits, "digits", "--probabilities").out
    rows = list(csv.DictReader(io.StringIO(out)))
    assert list(rows[0]) == ["answer", *map(str, range(10))]
    for row in rows:
        shares = {name: float(row[name]) for name in list(row)[1:]}
        assert abs(sum(shares.values()) - 1) < 1e-5
        assert max(shares, key=lambda name: shares[name]) == row["answer"]


@pytest.mark.parametrize(
    "content",
    [
        "a,b\n0.0,0.0\n0.95,1.0\n",
        "b,a\n0.0,0.0\n1.0,0.95\n",
        "a,b,kind\n0.0,0.0,far\n0.95,1.0,near\n",
        "id,a,b\n7,0.0,0.0\n8,0.95,1.0\n",
    ],
)
def test_a_file_with_or_without_the_target_and_in_any_order(run, table, tmp_path, content):
    run("train", table, "--target", "kind", "-q")
    (tmp_path / "new.csv").write_text(content)
    result = run("predict", "points.safetensors", "new.csv")
    assert result.out.split() == ["near", "far"], result.err


def test_a_missing_column_is_named(run, table, tmp_path):
    run("train", table, "--target", "kind", "-q", "--epochs", "1")
    (tmp_path / "new.csv").write_text("a,c\n0.0,0.0\n0.95,1.0\n")
    result = run("predict", "points.safetensors", "new.csv")
    assert result.code == 2
    assert 'lacks the column "b"' in result.err


def test_one_output_gives_both_probabilities(run):
    run("train", "xor", "--output-activation", "sigmoid", "-q", "--epochs", "1")
    lines = run("predict", "xor.safetensors", "xor", "--probabilities").out.splitlines()
    assert lines[0] == "answer,0,1"
    assert abs(sum(map(float, lines[1].split(",")[1:])) - 1) < 1e-5


def test_numbers_have_no_probabilities(run, numbers):
    run("train", numbers, "-q", "--epochs", "1")
    assert len(run("predict", "numbers.safetensors", numbers).out.splitlines()) == 80
    assert "gives no probabilities" in run(
        "predict", "numbers.safetensors", numbers, "--probabilities"
    ).err  # fmt: skip
