"""Data: named sets, readers for files and folders, generators of small sets."""

from chainrule.data.dataset import DataSet
from chainrule.data.fetching import fetch
from chainrule.data.generators import make_circles, make_moons, make_spirals, make_xor
from chainrule.data.loading import load, open_dataset
from chainrule.data.named import cache_folder, names
from chainrule.data.readers import read
from chainrule.data.samples import Samples
from chainrule.data.splitting import hold_out
from chainrule.data.storage import FromFunction, Mapped, Stored, open_stored, spool

__all__ = [
    "DataSet",
    "FromFunction",
    "Mapped",
    "Samples",
    "Stored",
    "cache_folder",
    "fetch",
    "hold_out",
    "load",
    "make_circles",
    "make_moons",
    "make_spirals",
    "make_xor",
    "names",
    "open_dataset",
    "open_stored",
    "read",
    "spool",
]
