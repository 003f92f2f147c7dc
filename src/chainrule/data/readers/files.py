"""Open files that may be gzipped; turn what goes wrong below into one clear `DataError`."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from chainrule.data.samples import MAX_BYTES, check_ratio
from chainrule.errors import DataError

GZIP_MAGIC = b"\x1f\x8b"
BLOCK = 1 << 20


class Unpacked(io.RawIOBase):
    """What a gzip stream unpacks, for as long as the file's ratio is within the limit."""

    def __init__(self, stream: Any, path: Path) -> None:
        self.stream, self.path, self.count = stream, path, 0
        self.packed = path.stat().st_size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        size: int = self.stream.readinto(buffer)
        self.count += size
        check_ratio(self.count, self.packed, str(self.path))
        return size


@contextmanager
def opened(path: Path) -> Iterator[tuple[IO[bytes], bool]]:
    """Open `path` for reading and yield (stream, is it gzipped).

    The content decides, not the name: browsers unpack `.gz` files and keep their names.
    Damaged compression inside the block becomes a `DataError` that names the file.
    """
    import gzip
    import zlib

    try:
        with path.open("rb") as raw:
            packed = raw.read(2) == GZIP_MAGIC
            raw.seek(0)
            if not packed:
                yield raw, False
                return
            with gzip.open(raw) as stream:
                yield io.BufferedReader(Unpacked(stream, path), BLOCK), True
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file") from error
    except EOFError as error:
        raise DataError(f"{path}: the gzip file ends too early (truncated?)") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise DataError(f"{path}: damaged gzip file ({error})") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error})") from error


def read_up_to(stream: IO[bytes], size: int) -> bytes:
    """Return at most `size` bytes, in blocks, so that a lie about the size costs no memory.

    >>> import io
    >>> read_up_to(io.BytesIO(b"abc"), 2)
    b'ab'
    """
    parts = []
    while size > 0 and (part := stream.read(min(size, BLOCK))):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def read_whole(path: Path, limit: int = MAX_BYTES) -> bytes:
    """Return the file's bytes, unpacked if gzipped; `DataError` if there are more than `limit`."""
    with opened(path) as (stream, _):
        content = read_up_to(stream, limit + 1)
    if len(content) > limit:
        raise DataError(f"{path}: holds more than {limit:,} bytes, the limit")
    return content
