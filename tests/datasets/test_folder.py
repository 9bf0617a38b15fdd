import logging
import os
import shutil

import numpy as np
import pytest
from PIL import Image

from fer_tutorial.datasets import load_data, open_source
from fer_tutorial.datasets.folder import folder_splits
from fer_tutorial.errors import UserError
from fer_tutorial.training.folds import hold_out, subject_folds
from tests.helpers.refusals import refused


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


def test_color_pictures_become_gray_and_palette_pictures_rgb(save, tmp_path):
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
    with pytest.raises(UserError, match="no images in split 'valid'; it has train, test"):
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


# Files that are no data, and files that are


def test_what_systems_leave_behind_is_skipped_at_every_depth(class_folder, save, face):
    root = class_folder("happy", "sad", count=2)
    keys = load_data("folder", root, "all").keys.tolist()
    for hidden in (
        ".ipynb_checkpoints/0-checkpoint.png",
        "happy/.ipynb_checkpoints/0-checkpoint.png",
        "happy/@eaDir/0.png/SYNO.png",
        "happy/@0.png",
        "@eaDir/x.png",
        "__MACOSX/happy/1.png",
        "sad/__MACOSX/1.png",
        "sad/.hidden/deep/1.png",
    ):
        save(root / hidden, face(7))
    (root / "happy/._0.png").write_bytes(b"AppleDouble")
    (root / "happy/.DS_Store").write_bytes(b"")
    (root / "happy/Thumbs.db").write_bytes(b"")
    assert load_data("folder", root, "all").keys.tolist() == keys


def test_jfif_and_gif_are_read(save, tmp_path):
    red, blue = np.zeros((2, 16, 16, 3), np.uint8)
    red[..., 0] = blue[..., 2] = 255
    save(tmp_path / "happy/a.png", red)
    Image.fromarray(red).save(tmp_path / "happy/b.jfif", format="JPEG", quality=100, subsampling=0)
    frames = [Image.fromarray(red), Image.fromarray(blue)]
    frames[0].save(tmp_path / "happy/c.gif", save_all=True, append_images=frames[1:])
    data = load_data("folder", tmp_path, "all", size=16)
    assert data.keys.tolist() == ["happy/a.png", "happy/b.jfif", "happy/c.gif"]
    assert np.abs(data.images.astype(int) - red).max() <= 2  # of the animation, the first frame


def test_what_is_left_out_is_counted_and_said(class_folder, caplog):
    root = class_folder("happy", "contempt", count=3)
    for name in ("notes.txt", "more.txt", "photo.heic", "IMG_0001"):
        (root / "happy" / name).write_text("")
    shutil.copy(root / "happy/0.png", root / "montage.png")
    caplog.set_level(logging.INFO, "fer_tutorial")
    assert len(open_source("folder", root, "all")) == 3
    assert caplog.messages == [
        "folder, all split: left out are 3 pictures of contempt (8 classes, --classes 8, keep them) and 5 files that "
        "are no images in class folders (1 .heic, 1 .png, 2 .txt, 1 without a suffix)"
    ]


def test_nothing_is_said_where_nothing_is_left_out(class_folder, caplog):
    caplog.set_level(logging.INFO, "fer_tutorial")
    open_source("folder", class_folder("train/happy", "val/sad"), "train")
    assert caplog.messages == []


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
@pytest.mark.parametrize("channels", [1, 3])
def test_the_color_under_transparent_pixels_does_not_appear(mode, channels, tmp_path):
    pixels = np.zeros((16, 16, 4), np.uint8)
    pixels[:] = (255, 0, 255, 0)
    pixels[:8] = (10, 20, 30, 255)
    image = Image.fromarray(pixels)
    (tmp_path / "happy").mkdir()
    if mode == "P":
        palette = Image.new("P", (16, 16))
        palette.putpalette([255, 0, 255, 10, 20, 30])
        palette.putdata([1] * 128 + [0] * 128)
        palette.save(tmp_path / "happy/a.png", transparency=b"\x00\xff")
    else:
        image.convert(mode).save(tmp_path / "happy/a.png")
    data = load_data("folder", tmp_path, "all", size=16, channels=channels)
    assert (data.images[0, 8:] == 255).all()
    seen = [10, 20, 30] if channels == 3 and mode != "LA" else [18] * channels  # 0.299 · 10 + 0.587 · 20 + 0.114 · 30
    assert data.images[0, 0, 0].tolist() == seen


def test_a_linked_folder_belongs_to_its_class(class_folder, tmp_path):
    root = class_folder("happy")
    shutil.move(root / "happy", tmp_path / "elsewhere")
    (root / "happy").mkdir()
    (root / "happy/more").symlink_to(tmp_path / "elsewhere")
    assert len(load_data("folder", root, "all")) == 3


# Splits


@pytest.mark.parametrize(
    ("folders", "splits"),
    [
        (("Training", "PublicTest", "PrivateTest"), ("train", "valid", "test")),
        (("train", "eval", "test"), ("train", "valid", "test")),
        (("train", "val", "evaluation"), ("train", "valid", "test")),
        (("train_set", "val_set"), ("train", "valid")),
        (("TRAIN", "Test"), ("train", "test")),
        (("train", "public_test"), ("train", "valid")),
    ],
)
def test_names_of_split_folders(class_folder, folders, splits):
    root = class_folder(*(f"{folder}/happy" for folder in folders), count=1)
    assert folder_splits(root) == splits
    keys = [load_data("folder", root, split).keys.tolist() for split in splits]
    assert keys == [[f"{folder}/happy/0.png"] for folder in folders]
    assert len(load_data("folder", root, "all")) == len(folders)


def test_a_folder_without_pictures_may_lie_beside_splits_and_classes(class_folder):
    root = class_folder("train/happy", "test/happy")
    for name in ("labels", "train/notes"):
        (root / name).mkdir()
        (root / name / "list.txt").write_text("")
    assert len(load_data("folder", root, "all")) == 6


def named_people(class_folder, people=30, frames=3):
    root = class_folder("happy", "sad", count=0)
    for name in ("happy", "sad"):
        for person in range(people):
            for frame in range(frames):
                file = root / name / f"S{person:03}_{name}_{frame}.png"
                file.parent.mkdir(parents=True, exist_ok=True)
                Image.fromarray(np.full((16, 16), person, np.uint8)).save(file)
    return root


def test_people_are_kept_together_where_splits_are_drawn(class_folder):
    root = named_people(class_folder)
    parts = [load_data("folder", root, split, size=16, subjects=r"^(S\d+)_") for split in ("train", "valid", "test")]
    assert sum(map(len, parts)) == 180
    people = [set(part.subjects.tolist()) for part in parts]
    assert sum(map(len, people)) == len(set.union(*people)) == 30
    for part in parts:
        np.testing.assert_array_equal(part.subjects, part.images[:, 0, 0, 0])  # numbered as their names are sorted
    by_picture = [load_data("folder", root, split, size=16) for split in ("train", "test")]
    assert by_picture[0].subjects is None
    assert set(by_picture[0].images[:, 0, 0, 0]) & set(by_picture[1].images[:, 0, 0, 0])  # what the option is for


def test_people_make_folds_and_a_held_out_share(class_folder):
    data = load_data("folder", named_people(class_folder), "all", size=16, subjects=r"^(S\d+)_")
    for fold in subject_folds(data.subjects, 5):
        assert len(fold) == 36
    kept, held = hold_out(data, 0.2)
    assert not set(kept.subjects.tolist()) & set(held.subjects.tolist())


def test_provenance_says_what_a_drawn_split_knows(class_folder):
    root = named_people(class_folder, people=8)
    origin = [open_source("folder", root, **options).provenance["splits"] for options in ({}, {"subjects": r"^(S\d+)"})]
    assert origin[0].startswith("drawn by picture: nothing is known of who is pictured")
    assert origin[1] == r"drawn by person (subjects=^(S\d+))"


def test_a_drawn_split_is_said_to_know_nothing_of_people(class_folder, caplog):
    caplog.set_level(logging.INFO, "fer_tutorial")
    open_source("folder", named_people(class_folder), "test")
    assert caplog.messages == [
        "folder, test split: 10 % of the pictures, drawn by name; nothing is known of who is pictured, so one person "
        "may be in several splits (the option subjects=PATTERN tells)"
    ]


def test_people_who_are_in_two_split_folders_are_said(class_folder, caplog):
    caplog.set_level(logging.INFO, "fer_tutorial")
    open_source("folder", class_folder("train/happy", "test/happy", count=2), "train", subjects=r"(\d)\.png")
    assert caplog.messages == ["folder: 2 people are in more than one split folder, first 0"]


# Hostile folders: how the folder of three happy and three sad pictures is spoilt, and what is said


def damage(file, kind):
    contents = {
        "empty": b"",
        "html": b"<!DOCTYPE html><html>404</html>",
        "png signature alone": b"\x89PNG\r\n\x1a\n",
        "gif header alone": b"GIF89a",
        "zip": b"PK\x03\x04" + bytes(30),
        "truncated": file.read_bytes()[:-40],
    }
    file.write_bytes(contents[kind])


def huge(file):
    Image.new("1", (20000, 20000)).save(file)


def fifo(file):
    file.unlink()
    os.mkfifo(file)


def link(place, target):
    place.symlink_to(target)


HOSTILE = {
    "empty file": (lambda r: damage(r / "happy/1.png", "empty"), ("happy/1.png is not an image",)),
    "page instead of a picture": (lambda r: damage(r / "happy/1.png", "html"), ("happy/1.png is not an image",)),
    "signature alone": (lambda r: damage(r / "happy/1.png", "png signature alone"), ("happy/1.png",)),
    "gif header alone": (lambda r: damage(r / "happy/1.png", "gif header alone"), ("happy/1.png",)),
    "zip named png": (lambda r: damage(r / "happy/1.png", "zip"), ("happy/1.png is not an image",)),
    "truncated": (lambda r: damage(r / "happy/1.png", "truncated"), ("happy/1.png is truncated or damaged",)),
    "two damaged": (
        lambda r: [damage(r / f"happy/{n}.png", "empty") for n in (0, 2)],
        ("2 of 6 pictures cannot be read", "happy/0.png", "happy/2.png"),
    ),
    "all damaged": (
        lambda r: [damage(file, "empty") for file in r.glob("*/*.png")],
        ("6 of 6 pictures cannot be read", "happy/0.png", "and so on"),
    ),
    "decompression bomb": (lambda r: huge(r / "happy/1.png"), ("happy/1.png has more than", "pixels")),
    "dangling link": (
        lambda r: link(r / "happy/z.png", "gone.png"),
        ("happy/z.png is a link to a place that is not there",),
    ),
    "link to itself": (lambda r: link(r / "happy/z.png", "z.png"), ("happy/z.png is a link",)),
    "circle of folders": (lambda r: link(r / "happy/back", r), ("happy/back/happy leads back, by a link,",)),
    "folder named like an image": (lambda r: (r / "happy/z.png").mkdir(), ("happy/z.png is a folder although",)),
    "pipe": (lambda r: fifo(r / "happy/1.png"), ("happy/1.png is no ordinary file",)),
    "unknown class": (
        lambda r: shutil.copytree(r / "sad", r / "happines"),
        ("happines is named after no expression", "did you mean 'happiness'?"),
    ),
    "opposite of a class": (
        lambda r: shutil.copytree(r / "sad", r / "non-smile"),
        ("non-smile is named after no expression; expected one of neutral, happiness",),
    ),
    "pictures one folder deeper": (
        lambda r: [(r / "faces").mkdir(), *(shutil.move(r / name, r / "faces") for name in ("happy", "sad"))],
        ("did you mean root=", "faces, which has such folders?"),
    ),
    "pictures in no class": (
        lambda r: [shutil.move(r / "happy", r / "files"), shutil.rmtree(r / "sad")],
        ("files is named after no expression; expected sub-folders named after the expressions",),
    ),
    "pictures without folders": (
        lambda r: [shutil.move(file, r / f"{file.parent.name}{file.name}") for file in list(r.glob("*/*.png"))],
        ("holds 6 pictures but none in sub-folders named after the expressions",),
    ),
    "no pictures": (lambda r: [file.unlink() for file in r.glob("*/*.png")], ("holds no images; expected",)),
    "class folder beside train": (
        lambda r: shutil.copytree(r / "sad", r / "train/sad"),
        ("happy holds pictures but is no split, though it lies beside train",),
    ),
    "unknown sibling of train": (
        lambda r: [shutil.move(r / "happy", r / "train/happy"), shutil.move(r / "sad", r / "extra/sad")],
        ("extra holds pictures but is no split",),
    ),
    "two names of one split": (
        lambda r: [shutil.move(r / "happy", r / "val/happy"), shutil.move(r / "sad", r / "valid/sad")],
        ("has val and valid, all of them names of the valid split",),
    ),
    "numbers for names": (
        lambda r: [shutil.move(r / "happy", r / "1"), shutil.move(r / "sad", r / "2")],
        ("the folders 1, 2 in", "RAF-DB: 1 surprise", "AffectNet: 0 neutral", "rename the folders"),
    ),
    "numbers below splits": (
        lambda r: [shutil.move(r / "happy", r / "train/1"), shutil.move(r / "sad", r / "test/2")],
        ("the folders 2 in", "RAF-DB"),
    ),
    "16 bits": (
        lambda r: Image.fromarray(np.full((16, 16), 40000, np.uint16)).save(r / "happy/1.png"),
        ("happy/1.png has I;16 pixels; expected an image of 8 bits",),
    ),
    "floats": (
        lambda r: Image.fromarray(np.zeros((16, 16), np.float32)).save(r / "happy/1.tif"),
        ("happy/1.tif has F pixels",),
    ),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_folders(case, class_folder):
    root = class_folder("happy", "sad")
    spoil, says = HOSTILE[case]
    spoil(root)
    with refused(*says):
        load_data("folder", root, "all")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"size": "48"}, "size is '48'"),
        ({"size": 48.0}, "size is 48.0"),
        ({"size": 10**6}, "size is 1000000"),
        ({"size": True}, "size is True"),
        ({"channels": 2}, "channels is 2"),
        ({"channels": None}, "channels is None"),
        ({"num_classes": 6}, "num_classes is 6"),
        ({"num_classes": 7.0}, "num_classes is 7.0"),
        ({"split": "eval"}, "no split 'eval'; expected one of train, valid, test, all"),
        ({"split": None}, "no split None"),
        ({"subjects": r"^(S\d+)_"}, "finds nobody in '0.png'"),
        ({"root": None}, "pass root (--data-root)"),
        ({"root": ""}, "pass root (--data-root)"),
        ({"root": 5}, "root is 5; expected a path"),
        ({"root": "a" * 5000}, "no path that can be opened"),
        ({"root": "a\0b"}, "root is 'a\\x00b'"),
        ({"root": "~nobody-of-this-name/x"}, "no path that can be opened"),
    ],
)
def test_hostile_arguments(options, says, class_folder):
    with refused(says):
        load_data("folder", **{"root": class_folder("happy"), "split": "all", **options})


def test_a_link_to_nowhere_as_root(tmp_path):
    (tmp_path / "faces").symlink_to(tmp_path / "gone")
    with refused("faces is a link to a place that is not there"):
        load_data("folder", tmp_path / "faces")


@pytest.mark.parametrize(
    ("folders", "split", "says"),
    [
        (("train", "val"), "test", "it has train, valid, so choose one of these or 'all' (--split)"),
        (("train", "test"), "valid", "so hold out a share of the training pictures (--holdout 0.1)"),
        (("valid", "test"), "train", "so put the pictures to train on into a folder train"),
    ],
)
def test_a_missing_split_says_what_to_do(class_folder, folders, split, says):
    with refused(f"no images in split {split!r}", says):
        load_data("folder", class_folder(*(f"{folder}/happy" for folder in folders)), split)


def test_contempt_alone(class_folder):
    with refused("nothing but contempt in split 'all'; expected num_classes=8 (--classes 8)"):
        load_data("folder", class_folder("contempt"), "all")
