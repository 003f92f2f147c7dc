from __future__ import annotations

import pytest

import chainrule as cr


@pytest.fixture(autouse=True)
def _no_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("CHAINRULE_DATA", str(tmp_path / "cache"))


def test_list_knows_every_name_and_fetches_none(run):
    sets = run("data", "list", "--json").json["sets"]
    assert [s["name"] for s in sets] == list(cr.data.names())
    by_name = {s["name"]: s for s in sets}
    assert by_name["mnist"]["here"] == "to be fetched"
    assert (by_name["digits"]["samples"], by_name["digits"]["shape"]) == (1437, [8, 8])
    out = run("data", "list").out
    assert all(name in out for name in cr.data.names())


def test_describe_a_set_and_a_file(run, table):
    facts = run("data", "describe", "digits", "--json").json
    assert facts["training"]["samples"] == 1437
    out = run("data", "describe", table, "--target", "kind").out
    assert "100 samples of 2" in out
    assert "near" in out


def test_what_is_bundled_needs_no_fetching(run):
    assert run("data", "fetch", "digits", "--json").json["bundled"] is True


def test_unknown_set(run):
    result = run("data", "fetch", "mnst")
    assert result.code == 2
    assert 'did you mean "mnist"?' in result.err
