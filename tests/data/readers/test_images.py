import builtins

import numpy as np
import pytest

from chainrule.data import open_dataset, read
from chainrule.data.readers import images
from chainrule.errors import ConfigurationError, DataError, MissingExtraError

Image = pytest.importorskip("PIL.Image")


def picture(path, shape=(4, 6), value=0, mode="L"):
    path.parent.mkdir(parents=True, exist_ok=True)
    rng = np.arange(int(np.prod(shape)), dtype=np.uint8).reshape(shape) + np.uint8(value)
    Image.fromarray(rng).convert(mode).save(path)
    return rng


def test_folders_are_classes(tmp_path):
    cat = picture(tmp_path / "cat" / "b.png", value=1)
    first = picture(tmp_path / "cat" / "a.png", value=2)
    dog = picture(tmp_path / "dog" / "a.png", value=3)
    (tmp_path / "cat" / "notes.txt").write_text("not an image")
    (tmp_path / ".hidden").mkdir()
    samples = read(tmp_path)
    assert samples.targets.tolist() == ["cat", "cat", "dog"]
    np.testing.assert_array_equal(samples.x, np.stack([first, cat, dog]))
    assert open_dataset(tmp_path).classes == ("cat", "dog")


@pytest.mark.parametrize(
    ("colour", "shape"), [(None, (2, 4, 6, 3)), ("rgb", (2, 4, 6, 3)), ("grey", (2, 4, 6))]
)
def test_colour(tmp_path, colour, shape):
    picture(tmp_path / "a" / "1.png")
    rgb = picture(tmp_path / "a" / "2.png", (4, 6, 3), mode="RGB")
    x = read(tmp_path, colour=colour).x
    assert x.shape == shape
    if colour != "grey":
        np.testing.assert_array_equal(x[1], rgb)


def test_the_first_file_of_another_size_is_named(tmp_path):
    picture(tmp_path / "a" / "1.png")
    picture(tmp_path / "b" / "2.png", (6, 4))
    with pytest.raises(DataError, match=r"2\.png: is 6x4, the images before it are 4x6"):
        read(tmp_path)
    assert read(tmp_path, size=(5, 5)).x.shape == (2, 5, 5)


def test_train_and_test_folders(tmp_path):
    for part in ("train", "test"):
        picture(tmp_path / part / "cat" / "1.png")
        picture(tmp_path / part / "dog" / "1.png")
    samples = read(tmp_path)
    assert samples.x.shape == (2, 4, 6)
    assert samples.test.targets.tolist() == ["cat", "dog"]


def test_unlabelled(tmp_path):
    one = picture(tmp_path / "1.png")
    picture(tmp_path / "2.png")
    assert read(tmp_path, labelled=False).x.shape == (2, 4, 6)
    np.testing.assert_array_equal(read(tmp_path / "1.png", labelled=False).x[0], one)
    with pytest.raises(DataError, match="a single image"):
        read(tmp_path / "1.png")


def test_a_class_without_images(tmp_path):
    picture(tmp_path / "a" / "1.png")
    (tmp_path / "b").mkdir()
    with pytest.raises(DataError, match="b: holds no images"):
        read(tmp_path)


@pytest.mark.parametrize("keep", [0, 20, 60])
def test_a_damaged_image_is_named(tmp_path, keep):
    picture(tmp_path / "a" / "1.png", (40, 60))
    path = tmp_path / "a" / "1.png"
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(DataError, match=r"1\.png: (not a readable|damaged) image"):
        read(tmp_path)


def test_limits(tmp_path, monkeypatch):
    picture(tmp_path / "a" / "1.png")
    monkeypatch.setattr(images, "MAX_PIXELS", 23)
    with pytest.raises(DataError, match="4x6 pixels; the limit is 23 pixels"):
        read(tmp_path)


def test_sixteen_bits_are_refused(tmp_path):
    (tmp_path / "a").mkdir()
    Image.fromarray(np.full((2, 2), 60_000, np.uint16)).save(tmp_path / "a" / "1.png")
    with pytest.raises(DataError, match="expected 8 bits per channel"):
        read(tmp_path)


@pytest.mark.parametrize("options", [{"colour": "blue"}, {"size": (0, 3)}])
def test_bad_options(tmp_path, options):
    picture(tmp_path / "a" / "1.png")
    with pytest.raises(ConfigurationError, match="expected"):
        read(tmp_path, **options)


def test_without_pillow(tmp_path, monkeypatch):
    picture(tmp_path / "a" / "1.png")
    real = builtins.__import__

    def no_pillow(name, *rest):
        if name.startswith("PIL"):
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", no_pillow)
    with pytest.raises(MissingExtraError, match=r"chainrule\[images\]"):
        read(tmp_path)
