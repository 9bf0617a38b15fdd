import logging

import numpy as np
import pytest

from fer_tutorial.datasets import load_data, open_source, rafdb_annotations, splits_of
from fer_tutorial.datasets.rafdb import BASIC, COMPOUND
from tests.helpers.refusals import refused

# Names are padded to five digits in train and to four in test, and one digit less in the compound part.
NAMES = [*(f"train_{n:05}" for n in range(1, 9)), *(f"test_{n:04}" for n in range(1, 8))]
NUMBERS = [5, 1, 2, 3, 4, 6, 7, 4, 7, 1, 2, 3, 4, 5, 6]
COMPOUND_NAMES = [*(f"train_{n:04}" for n in range(1, 12)), "test_001", "test_002"]


def write_part(part, names, numbers, save, face, suffix=""):
    (part / "EmoLabel").mkdir(parents=True)
    lines = [f"{name}.jpg {number}" for name, number in zip(names, numbers, strict=True)]
    (part / "EmoLabel/list_patition_label.txt").write_text("\n".join(lines))  # without a last line end, as the owners'
    for position, name in enumerate(names):
        save(part / f"Image/aligned{suffix}/{name}_aligned.jpg", face(10 * position, 100))


@pytest.fixture
def owners(save, face, tmp_path):
    """The owners' two parts, originals, boxes and annotations of the first picture."""
    root = tmp_path / "RAF-DB"
    write_part(root / "basic", NAMES, NUMBERS, save, face)
    write_part(root / "compound", COMPOUND_NAMES, [*range(1, 12), 11, 1], save, face)
    for name in NAMES:
        picture = np.zeros((60, 200), np.uint8)
        picture[10:50, 150:190] = 200
        save(root / f"basic/Image/original/{name}.jpg", picture)
    boxes, manual = root / "basic/Annotation/boundingbox", root / "basic/Annotation/manual"
    for folder in (boxes, manual):
        folder.mkdir(parents=True)
    for name in NAMES:
        (boxes / f"{name}_boundingbox.txt").write_text("150.00 10.00 190.00 50.00 ")
    points = "".join(f"{10.5 + n:.3f}\t{20 + n:.3f}\n" for n in range(5))
    (manual / "train_00001_manu_attri.txt").write_text(points + "1\n2\n3\n")
    return root


@pytest.fixture
def kaggle(save, face, tmp_path):
    root = tmp_path / "archive"
    for split in ("train", "test"):
        rows = ["image,label"]
        for position, (name, number) in enumerate(zip(NAMES, NUMBERS, strict=True)):
            if name.startswith(split):
                save(root / f"DATASET/{split}/{number}/{name}_aligned.jpg", face(10 * position, 100))
                rows.append(f"{name}_aligned.jpg,{number}")
        (root / f"DATASET/{split}_labels.csv").write_text("\n".join(rows) + "\n")
    return root


def named(data):
    return dict(zip(data.keys.tolist(), [data.class_names[label] for label in data.labels], strict=True))


EXPECTED = {f"{name}.jpg": BASIC[number - 1] for name, number in zip(NAMES, NUMBERS, strict=True)}


def test_the_owners_order_of_labels(owners):
    train, test = (load_data("rafdb", owners, split) for split in ("train", "test"))
    assert named(train) | named(test) == EXPECTED
    assert named(train)["train_00001.jpg"] == "sadness"
    assert train.index.tolist() == list(range(8))
    assert test.index.tolist() == list(range(12_271, 12_278))
    assert train.class_names == ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear")


def test_both_forms_are_one_data_set(owners, kaggle):
    for root in (kaggle, kaggle / "DATASET"):
        for split in ("train", "test", "all"):
            one, other = load_data("rafdb", owners, split), load_data("rafdb", root, split)
            assert named(one) == named(other)
            order, sorted_order = np.argsort(one.index), np.argsort(other.index)
            np.testing.assert_array_equal(one.images[order], other.images[sorted_order])
            np.testing.assert_array_equal(one.index[order], other.index[sorted_order])


@pytest.mark.parametrize("inside", ["", "basic", "basic/EmoLabel/list_patition_label.txt"])
def test_roots(owners, inside):
    assert len(load_data("rafdb", owners / inside, "train")) == 8


def test_other_places_and_the_right_spelling(save, face, tmp_path):
    write_part(tmp_path / "raf-basic", NAMES, NUMBERS, save, face, "/imgs")
    file = tmp_path / "raf-basic/EmoLabel/list_patition_label.txt"
    file.with_name("list_partition_label.txt").write_bytes(b"\xef\xbb\xbf" + file.read_bytes().replace(b"\n", b"\r\n"))
    file.unlink()
    assert named(load_data("rafdb", tmp_path, "all")) == EXPECTED


def test_compound_expressions(owners):
    data = load_data("rafdb", owners, "train", classes="compound")
    assert data.class_names == COMPOUND
    assert data.labels.tolist() == list(range(11))
    test = load_data("rafdb", owners / "compound", "test", classes="compound")
    assert [test.class_names[label] for label in test.labels] == ["disgustedly surprised", "happily surprised"]
    assert test.index.tolist() == [3162, 3163]
    with refused("is not RAF-DB's compound part"):
        load_data("rafdb", owners / "basic", classes="compound")


def test_originals_are_cut_to_their_boxes(owners, caplog):
    caplog.set_level(logging.INFO)
    data = load_data("rafdb", owners, "train", size=40, channels=1, images="original")
    assert data.images[:, 4:-4, 4:-4].min() > 150
    for file in (owners / "basic/Annotation/boundingbox").iterdir():
        file.unlink()
    (owners / "basic/Annotation/boundingbox").rmdir()
    data = load_data("rafdb", owners, "train", size=40, channels=1, images="original")
    assert data.images[:, 4:-4, 4:-4].max() < 50
    assert "pictures are cut to their central square" in caplog.text


def test_noisy_labels_keep_the_clean_ones(owners, tmp_path):
    (tmp_path / "noise.txt").write_text("train_00001.jpg 4\ntrain_00002_aligned.jpg 1\n")
    data = load_data("rafdb", owners, "train", noisy_labels=str(tmp_path / "noise.txt"))
    clean = load_data("rafdb", owners, "train")
    np.testing.assert_array_equal(data.clean_labels, clean.labels)
    assert np.flatnonzero(data.labels != clean.labels).tolist() == [0]
    assert data.class_names[data.labels[0]] == "happiness"
    (tmp_path / "noise.txt").write_text("train_99999.jpg 4\n")
    with refused("names 1 pictures that are not in"):
        load_data("rafdb", owners, "train", noisy_labels=str(tmp_path / "noise.txt"))


def test_annotations(owners):
    (row,) = rafdb_annotations(owners).to_dict("records")
    assert {name: row[name] for name in ("key", "gender", "race", "age")} == {
        "key": "train_00001.jpg",
        "gender": "female",
        "race": "Asian",
        "age": "40-69",
    }
    assert (row["eye_1_x"], row["mouth_2_y"]) == (10.5, 24)
    data = load_data("rafdb", owners, "train")
    assert data.group_names == ("gender", "race", "age")
    groups = dict(zip(data.keys.tolist(), data.groups.tolist(), strict=True))
    assert groups.pop("train_00001.jpg") == ["female", "Asian", "40-69"]
    assert set(map(tuple, groups.values())) == {("", "", "")}
    assert load_data("rafdb", owners, "train", classes="compound").groups is None
    file = owners / "basic/Annotation/manual/train_00001_manu_attri.txt"
    text = file.read_text()
    for wrong, says in (
        (text[:-2] + "9\n", "has 9 as age"),
        (text[:20], "is not as the owners'"),
        ("x", "cannot be read"),
    ):
        file.write_text(wrong)
        with refused(says):
            rafdb_annotations(owners)
    with refused("has no compound/Annotation/manual"):
        rafdb_annotations(owners, classes="compound")


def test_splits(owners):
    assert splits_of("rafdb", owners) == ("train", "test")
    with refused("RAF-DB has no validation split", "--holdout 0.1"):
        load_data("rafdb", owners, "valid")


def test_pictures_that_are_missing_or_too_many(owners, save, face, caplog):
    caplog.set_level(logging.INFO)
    save(owners / "basic/Image/aligned/extra.jpg", face(0))
    open_source("rafdb", owners)
    assert "1 pictures that the list does not name" in caplog.text
    (owners / "basic/Image/aligned/test_0007_aligned.jpg").unlink()
    with refused("1 of the 15 aligned pictures", "first test_0007_aligned.jpg"):
        load_data("rafdb", owners)


def test_pictures_that_are_still_packed(owners):
    (owners / "basic/Image/aligned").rename(owners / "aligned")
    (owners / "basic/Image/aligned.zip").touch()
    with refused("15 of the 15 aligned pictures", "unpack aligned.zip first"):
        load_data("rafdb", owners)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("train_00001.jpg 0", "has the line 'train_00001.jpg 0'; expected a name and a label from 1 to"),
        ("train_00001.jpg 12", "expected a name and a label from 1 to"),
        ("face.jpg 3", "has the line 'face.jpg 3'"),
        ("train_00002.jpg x", "has the line"),
        ("train_00002.jpg 7", "gives train_00002.jpg the labels 1 and 7"),
    ],
)
def test_a_list_that_is_not_the_owners(owners, line, says):
    file = owners / "basic/EmoLabel/list_patition_label.txt"
    file.write_text(file.read_text() + "\n" + line)
    with refused(says):
        load_data("rafdb", owners)


def test_kaggle_folders_and_tables_that_disagree(kaggle):
    file = kaggle / "DATASET/train_labels.csv"
    file.write_text(file.read_text().replace("train_00001_aligned.jpg,5", "train_00001_aligned.jpg,4"))
    with refused("gives 1 pictures another label than the folder", "first train_00001.jpg"):
        load_data("rafdb", kaggle)
    with refused("has aligned pictures alone"):
        load_data("rafdb", kaggle, images="original")


def test_hostile_arguments(owners, tmp_path):
    with refused("classes is 'both'; expected 'basic' or 'compound'"):
        load_data("rafdb", owners, classes="both")
    with refused("images is 'raw'; expected 'aligned' or 'original'"):
        load_data("rafdb", owners, images="raw")
    (tmp_path / "empty").mkdir()
    with refused("is not RAF-DB's basic part; expected RAF-DB's folder"):
        load_data("rafdb", tmp_path / "empty")
    with refused("pass root (--data-root)"):
        load_data("rafdb")
    (owners / "basic/Annotation/boundingbox/train_00001_boundingbox.txt").write_text("5 5 5 9")
    with refused("has a box without an area"):
        load_data("rafdb", owners, images="original")
