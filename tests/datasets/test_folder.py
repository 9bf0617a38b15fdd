import numpy as np
import pytest
from PIL import Image

from fer_tutorial.datasets import load_data
from fer_tutorial.datasets.folder import SYNONYMS, expression_of
from fer_tutorial.errors import UserError
from fer_tutorial.vocabulary import EXPRESSIONS


def test_every_synonym_belongs_to_one_expression():
    names = [name for synonyms in SYNONYMS.values() for name in synonyms]
    assert tuple(SYNONYMS) == EXPRESSIONS
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("name", "expression"),
    [("Joy", "happiness"), ("HAPPY", "happiness"), ("3 - angry", "anger"), ("05_calm", "neutral"), ("afraid", "fear")],
)
def test_folder_names(name, expression):
    assert expression_of(name) == expression


def test_labels_keys_and_pixels(face, class_folder):
    data = load_data("folder", class_folder("Happy", "afraid", "neutral"), "all", channels=1)
    assert data.keys.tolist() == [
        f"{name}/{number}.png" for name in ("Happy", "afraid", "neutral") for number in range(3)
    ]
    assert [data.class_names[label] for label in data.labels[::3]] == ["happiness", "fear", "neutral"]
    np.testing.assert_array_equal(data.images[4, ..., 0], face(41))


def test_index_does_not_depend_on_the_number_of_classes(class_folder):
    root = class_folder("anger", "contempt", "fear")
    eight = load_data("folder", root, "all", num_classes=8)
    seven = load_data("folder", root, "all", num_classes=7)
    assert eight.index.tolist() == list(range(9))
    assert seven.index.tolist() == [0, 1, 2, 6, 7, 8]
    assert set(seven.keys) < set(eight.keys)


def test_split_folders(class_folder):
    root = class_folder("Training/happy", "val/happy", "val/sad", "test/happy")
    train, valid, test = (load_data("folder", root, split) for split in ("train", "valid", "test"))
    assert (len(train), len(valid), len(test)) == (3, 6, 3)
    assert sorted([*train.index, *valid.index, *test.index]) == list(range(12))


def test_drawn_splits_share_nothing_and_leave_nothing(class_folder):
    root = class_folder("happy", "sad", count=60, size=8)
    parts = [load_data("folder", root, split, size=8).index for split in ("train", "valid", "test")]
    assert sorted(np.concatenate(parts)) == list(range(120))
    assert len(parts[0]) > 80
    np.testing.assert_array_equal(parts[0], load_data("folder", root, "train", size=8).index)


def test_oblong_pictures_keep_their_central_square(save, tmp_path):
    picture = np.zeros((20, 40), np.uint8)
    picture[:, 10:30] = 200
    save(tmp_path / "happy/a.png", picture)
    data = load_data("folder", tmp_path, "all", size=20, channels=1)
    assert (data.images == 200).all()


def test_a_photograph_taken_sideways_is_turned_upright(save, tmp_path):
    picture = np.zeros((16, 16, 3), np.uint8)
    picture[:, :8] = 255  # left half white, to be seen after a quarter turn clockwise: upper half white
    (tmp_path / "happy").mkdir()
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(picture).save(tmp_path / "happy/a.png", exif=exif)
    pixels = load_data("folder", tmp_path, "all", size=16, channels=1).images[0, ..., 0]
    assert pixels[:8].min() == 255
    assert pixels[8:].max() == 0


def test_colour_pictures_become_grey_and_palette_pictures_rgb(save, tmp_path):
    red = np.zeros((16, 16, 3), np.uint8)
    red[..., 0] = 255
    (tmp_path / "happy").mkdir()
    Image.fromarray(red).convert("P").save(tmp_path / "happy/a.png")
    rgb = load_data("folder", tmp_path, "all", size=16).images
    assert rgb[0, 0, 0].tolist() == [255, 0, 0]
    assert load_data("folder", tmp_path, "all", size=16, channels=1).images[0, 0, 0, 0] == 76  # 0.299 · 255


def test_a_class_folder_that_is_no_expression(class_folder):
    with pytest.raises(UserError, match=r"happines is named after no expression; did you mean 'happiness'\?"):
        load_data("folder", class_folder("happines", "sad"))


def test_a_class_folder_that_is_far_from_any_expression(class_folder):
    with pytest.raises(UserError, match="zebras is named after no expression; expected one of neutral, happiness"):
        load_data("folder", class_folder("sad", "zebras"))


def test_no_such_folder_and_an_empty_one(tmp_path):
    with pytest.raises(UserError, match="nothing at"):
        load_data("folder", tmp_path / "nowhere")
    with pytest.raises(UserError, match="holds no images; expected"):
        load_data("folder", tmp_path)


def test_a_file_in_place_of_a_folder(save, face, tmp_path):
    with pytest.raises(UserError, match="is a file; expected a folder"):
        load_data("folder", save(tmp_path / "a.png", face(0)))


def test_a_split_that_is_not_there(class_folder):
    with pytest.raises(UserError, match="no images in split 'valid'; it has test, train"):
        load_data("folder", class_folder("train/happy", "test/happy"), "valid")


def test_a_truncated_photograph_is_named(save, tmp_path):
    file = tmp_path / "happy" / "holiday.jpg"
    file.parent.mkdir()
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)).save(file)
    file.write_bytes(file.read_bytes()[:1500])
    with pytest.raises(UserError, match=r"holiday.jpg is truncated or damaged .*; copy or unpack it again"):
        load_data("folder", tmp_path, "all")


def test_sixteen_bit_pictures_are_refused(save, tmp_path):
    save(tmp_path / "happy/a.png", np.full((16, 16), 40000, np.uint16))
    with pytest.raises(UserError, match="expected an image of 8 bits a channel"):
        load_data("folder", tmp_path, "all")


@pytest.mark.parametrize(("options", "says"), [({"size": 4}, "size is 4"), ({"channels": 2}, "channels is 2")])
def test_sizes_that_make_no_sense(class_folder, options, says):
    with pytest.raises(UserError, match=says):
        load_data("folder", class_folder("happy"), "all", **options)
