"""Folders of images: one sub-folder per class, or `train/` and `test/` that hold such folders.

Needs Pillow, the extra `chainrule[images]`.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.data.samples import MAX_CLASSES, MAX_PIXELS, Samples, check_ratio, check_size
from chainrule.errors import ConfigurationError, DataError, MissingExtraError

ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".pgm", ".ppm")
GREY = {"1", "L", "LA"}
# what Pillow's decoders raise for files that fuzzing has found
DAMAGED = (OSError, SyntaxError, ValueError, EOFError, TypeError, OverflowError, MemoryError)
COLOURS = {"grey": "L", "rgb": "RGB"}


def _pillow() -> Any:
    try:
        from PIL import Image
    except ImportError as error:
        raise MissingExtraError(
            "reading images needs Pillow: pip install 'chainrule[images]'"
        ) from error
    return Image


def _open(path: Path) -> Any:
    """Return the image, its header read and its pixels not; refuse what is not one."""
    image_module = _pillow()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of large images; the limit is ours
            image = image_module.open(path)
    except (*DAMAGED, image_module.DecompressionBombError) as error:
        raise DataError(f"{path}: not a readable image ({error})") from error
    width, height = image.size
    if width * height > MAX_PIXELS:
        image.close()
        raise DataError(f"{path}: {height}x{width} pixels; the limit is {MAX_PIXELS:,} pixels")
    try:
        check_ratio(width * height * len(image.getbands()), path.stat().st_size, str(path))
    except DataError:
        image.close()
        raise
    if image.mode.startswith(("I", "F")):
        image.close()
        raise DataError(f"{path}: expected 8 bits per channel, got mode {image.mode}")
    return image


def _survey(paths: list[Path], size: tuple[int, int] | None) -> tuple[tuple[int, int], bool]:
    """Return ((h, w), is there colour) from the headers; name the first file that differs."""
    first: tuple[int, int] | None = None
    colour = False
    for path in paths:
        with _open(path) as image:
            shape = (image.height, image.width)
            colour = colour or image.mode not in GREY
        first = first or shape
        if size is None and shape != first:
            raise DataError(
                f"{path}: is {shape[0]}x{shape[1]}, the images before it are "
                f"{first[0]}x{first[1]} (height x width); give size=(h, w) to resize all"
            )
    return size or first or (0, 0), colour


def read_files(
    paths: list[Path], size: tuple[int, int] | None = None, colour: str | None = None
) -> NDArray[np.uint8]:
    """Return images as uint8, (n, h, w) for "grey" or (n, h, w, 3) for "rgb".

    With `colour=None` they are grey if all of the files are.
    """
    if colour is not None and colour not in COLOURS:
        raise ConfigurationError(f'colour: expected "grey" or "rgb", got "{colour}"')
    if size is not None and (len(size) != 2 or min(size) < 1):
        raise ConfigurationError(f"size: expected (height, width) of 1 or more, got {size}")
    (height, width), found = _survey(paths, size)
    colour = colour or ("rgb" if found else "grey")
    shape = (len(paths), height, width) + ((3,) if colour == "rgb" else ())
    check_size(shape, 1, str(paths[0].parent))
    x = np.empty(shape, np.uint8)
    for row, path in zip(x, paths, strict=True):
        with _open(path) as image:
            try:
                picture = image.convert(COLOURS[colour])
            except DAMAGED as error:
                raise DataError(f"{path}: damaged image ({error})") from error
            if picture.size != (width, height):
                picture = picture.resize((width, height))
            row[...] = np.asarray(picture)
    return x


def class_folders(folder: Path) -> list[Path]:
    """Return the sub-folders in order of their names, hidden ones left out."""
    return sorted(p for p in folder.iterdir() if p.is_dir() and not p.name.startswith("."))


def images_in(folder: Path) -> list[Path]:
    """Return the images of a folder in order of their names; `DataError` when there are none."""
    found = sorted(p for p in folder.iterdir() if p.suffix.lower() in ENDINGS)
    if not found:
        raise DataError(f"{folder}: holds no images (known endings: {', '.join(ENDINGS)})")
    return found


def _read_classes(
    folder: Path, size: tuple[int, int] | None, colour: str | None
) -> tuple[NDArray[np.uint8], NDArray[Any]]:
    folders = class_folders(folder)
    if not 1 <= len(folders) <= MAX_CLASSES:
        raise DataError(f"{folder}: {len(folders):,} classes; expected 1 to {MAX_CLASSES:,}")
    by_class = {sub.name: images_in(sub) for sub in folders}
    paths = [path for found in by_class.values() for path in found]
    names = [name for name, found in by_class.items() for _ in found]
    return read_files(paths, size, colour), np.array(names)


def read(
    folder: str | Path,
    size: tuple[int, int] | None = None,
    colour: str | None = None,
    labelled: bool = True,
) -> Samples:
    """Read a folder of images; the names of its sub-folders are the classes.

    All images must have one size, or `size=(h, w)` resizes them. `colour` is "grey" or "rgb";
    by default grey if all files are. A folder with `train` and `test` that themselves hold
    class folders is a data set with a test set. With `labelled=False`, the images that lie in
    the folder itself, in order of their names; a single file is a folder of one.

    Raises `DataError` for a folder without images, the first file of another size, and files
    that are no readable image; `MissingExtraError` without Pillow.
    """
    folder = Path(folder)
    if not labelled:
        paths = [folder] if folder.is_file() else images_in(folder)
        return Samples(read_files(paths, size, colour), None, str(folder))
    parts = {part.name: part for part in class_folders(folder)}
    if parts.keys() != {"train", "test"} or not all(map(class_folders, parts.values())):
        x, names = _read_classes(folder, size, colour)
        return Samples(x, names, str(folder), labels=True)
    x, names = _read_classes(parts["train"], size, colour)
    like_x = "rgb" if x.ndim == 4 else "grey"
    test = Samples(*_read_classes(parts["test"], x.shape[1:3], like_x), str(parts["test"]))
    return Samples(x, names, str(folder), labels=True, test=test)
