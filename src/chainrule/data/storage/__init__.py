"""Data sets larger than memory: opened where they lie, read row by row while training."""

from chainrule.data.storage.opening import open_stored
from chainrule.data.storage.spool import spool
from chainrule.stored import FromFunction, Mapped, Stored

__all__ = ["FromFunction", "Mapped", "Stored", "open_stored", "spool"]
