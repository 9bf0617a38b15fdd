import csv
import logging
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fer_tutorial.datasets import load_data, open_source
from fer_tutorial.datasets.ferplus import majority_vote, plurality_vote, vote_distribution
from fer_tutorial.errors import UserError
from fer_tutorial.vocabulary import EXPRESSIONS
from tests.helpers.refusals import refused


def naive_majority(votes: list[float]) -> int:
    kept = [vote if vote > 1 else 0 for vote in votes]
    best = kept.index(max(kept))
    return best if best < 8 and max(kept) > sum(kept) / 2 else -1


def naive_distribution(votes: list[float]) -> list[float]:
    """Barsoum et al.'s probability rule, a class at a time."""
    left = {position: vote for position, vote in enumerate(votes) if vote > 1}
    total = sum(left.values())
    taken: dict[int, float] = {}
    while left and sum(taken.values()) < 0.75 * total and len(taken) < 3:
        most = max(left.values())
        equals = [position for position in left if left[position] == most]
        taken |= {position: most for position in equals if position < 8}
        if any(position >= 8 for position in equals):
            break
        for position in equals:
            del left[position]
    if len(taken) > 3 or sum(taken.values()) <= total / 2:
        return [0.0] * 8
    return [taken.get(position, 0.0) / sum(taken.values()) for position in range(8)]


def test_the_vote_rules_agree_with_a_class_by_class_reading():
    draw = np.random.default_rng(0)
    votes = np.array([draw.multinomial(10, draw.dirichlet([0.4] * 10)) for _ in range(3000)], float)
    assert majority_vote(votes).tolist() == [naive_majority(list(row)) for row in votes]
    np.testing.assert_allclose(vote_distribution(votes), [naive_distribution(list(row)) for row in votes])


@pytest.mark.parametrize(
    ("votes", "majority", "plurality", "distribution"),
    [
        ((8, 2, 0, 0, 0, 0, 0, 0, 0, 0), 0, 0, {0: 1.0}),  # 8 of 10 is enough, so the second is not taken
        ((5, 5, 0, 0, 0, 0, 0, 0, 0, 0), -1, 0, {0: 0.5, 1: 0.5}),  # exactly half is no majority
        ((4, 1, 1, 1, 1, 1, 1, 0, 0, 0), 0, 0, {0: 1.0}),  # single votes are outliers
        ((1, 1, 1, 1, 1, 1, 1, 1, 1, 1), -1, 0, {}),  # nothing is left
        ((0, 0, 0, 0, 0, 0, 0, 0, 9, 1), -1, -1, {}),  # unknown leads
        ((0, 3, 0, 0, 0, 0, 0, 0, 0, 7), -1, -1, {}),  # not a face leads
        ((6, 0, 0, 0, 0, 0, 0, 0, 4, 0), 0, 0, {0: 1.0}),  # unknown comes second and is left out
        ((5, 0, 0, 0, 0, 0, 0, 0, 5, 0), -1, 0, {}),  # half is not more than half
        ((3, 3, 2, 2, 0, 0, 0, 0, 0, 0), -1, 0, {}),  # four classes are too many
        ((4, 3, 3, 0, 0, 0, 0, 0, 0, 0), -1, 0, {0: 0.4, 1: 0.3, 2: 0.3}),
    ],
)
def test_vote_rules_by_hand(votes, majority, plurality, distribution):
    row = np.array([votes], float)
    assert majority_vote(row)[0] == majority
    assert plurality_vote(row)[0] == plurality
    np.testing.assert_allclose(vote_distribution(row)[0], [distribution.get(k, 0.0) for k in range(8)])


@pytest.mark.parametrize("layout", ["ferplus_folder", "ferplus_csv"])
def test_both_layouts_give_the_same_faces_labels_and_index(ferplus_rows, face, layout, request):
    data = load_data("ferplus", request.getfixturevalue(layout), channels=1, num_classes=8)
    assert data.keys.tolist() == ["fer0000000.png", "fer0000001.png", "fer0000002.png", "fer0000005.png"]
    assert [data.class_names[label] for label in data.labels] == ["neutral", "happiness", "contempt", "fear"]
    assert data.index.tolist() == [0, 1, 2, 5]
    rows = [0, 2, 3, 7]  # where these names stand in the vote file: the image number is not the row number
    for picture, votes, row in zip(data.images, data.votes, rows, strict=True):
        np.testing.assert_array_equal(picture[..., 0], face(10 * row))
        assert votes.tolist() == list(ferplus_rows[row][2][:8])


def test_seven_classes_drop_contempt_and_keep_every_index(ferplus_folder):
    seven = load_data("ferplus", ferplus_folder)
    assert seven.class_names == EXPRESSIONS[:7]
    assert seven.index.tolist() == [0, 1, 5]
    assert seven.votes.shape == (3, 7)
    assert seven.images.shape == (3, 48, 48, 3)


def test_other_splits(ferplus_folder):
    assert load_data("ferplus", ferplus_folder, "valid").labels.tolist() == [EXPRESSIONS.index("surprise")]
    assert load_data("ferplus", ferplus_folder, "test").labels.tolist() == [EXPRESSIONS.index("anger")]


def test_label_rules_choose_different_pictures(ferplus_folder):
    votes = load_data("ferplus", ferplus_folder, labels="vote")
    assert votes.index.tolist() == [0, 1, 3, 5]  # the tie of 3 goes to the first class
    soft = load_data("ferplus", ferplus_folder, labels="probability")
    assert soft.index.tolist() == [0, 1, 3, 5]
    np.testing.assert_allclose(soft.votes.sum(axis=1), 1)
    assert soft.votes[2].tolist() == [0.5, 0, 0, 0.5, 0, 0, 0]


def test_without_label_csv_the_votes_come_from_fer2013new(ferplus_folder, ferplus_csv):
    with_labels = load_data("ferplus", ferplus_folder)
    shutil.copy(ferplus_csv / "fer2013new.csv", ferplus_folder)
    for file in ferplus_folder.glob("*/label.csv"):
        file.unlink()
    without = load_data("ferplus", ferplus_folder)
    np.testing.assert_array_equal(without.votes, with_labels.votes)


@pytest.mark.parametrize("inner", [True, False])
def test_zip_files_of_the_folders(ferplus_folder, inner):
    expected = load_data("ferplus", ferplus_folder)
    for name in ("FER2013Train", "FER2013Valid", "FER2013Test"):
        base = ferplus_folder / name
        shutil.make_archive(str(base), "zip", ferplus_folder if inner else base, name if inner else ".")
        shutil.rmtree(base)
    zipped = load_data("ferplus", ferplus_folder)
    np.testing.assert_array_equal(zipped.images, expected.images)
    np.testing.assert_array_equal(zipped.labels, expected.labels)


@pytest.mark.parametrize("layout", ["ferplus_folder", "ferplus_csv"])
def test_one_zip_file_of_everything(layout, request, tmp_path):
    root = request.getfixturevalue(layout)
    archive = shutil.make_archive(str(tmp_path / "all"), "zip", root.parent, root.name)
    np.testing.assert_array_equal(load_data("ferplus", archive).images, load_data("ferplus", root).images)


def test_pictures_are_resized_and_repeated_over_channels(ferplus_folder):
    data = load_data("ferplus", ferplus_folder, size=24)
    assert data.images.shape == (3, 24, 24, 3)
    np.testing.assert_array_equal(data.images[..., 0], data.images[..., 2])


def test_fer2013_has_labels_of_its_own_for_every_row(ferplus_csv):
    data = load_data("fer2013", ferplus_csv)
    assert data.index.tolist() == list(range(8))
    names = ["neutral", "anger", "happiness", "disgust", "sadness", "fear", "surprise", "fear"]
    assert [data.class_names[label] for label in data.labels] == names


def test_fer2013_in_the_other_column_order(ferplus_csv, tmp_path):
    rows = list(csv.reader((ferplus_csv / "fer2013.csv").open()))
    other = tmp_path / "icml"
    other.mkdir()
    lines = ["emotion, Usage, pixels"] + [f"{emotion},{usage},{pixels}" for emotion, pixels, usage in rows[1:]]
    (other / "icml_face_data.csv").write_text("\n".join(lines))
    np.testing.assert_array_equal(load_data("fer2013", other).images, load_data("fer2013", ferplus_csv).images)


def test_ferplus_folders_have_no_fer2013_labels(ferplus_folder):
    with pytest.raises(UserError, match="FERPlus's votes but not FER2013's own labels"):
        load_data("fer2013", ferplus_folder)


# What a wrong input says


def test_no_root():
    with pytest.raises(UserError, match=r"pass root \(--data-root\)"):
        load_data("ferplus")


def test_wrong_path(tmp_path):
    with pytest.raises(UserError, match=r"nothing at .*/nowhere; expected"):
        load_data("ferplus", tmp_path / "nowhere")


def test_a_folder_of_something_else(tmp_path):
    (tmp_path / "holiday.txt").write_text("sun")
    with pytest.raises(UserError, match=r"expected .*FER2013Train.*found holiday.txt"):
        load_data("ferplus", tmp_path)


def test_an_unknown_split_and_label_rule(ferplus_folder):
    with pytest.raises(UserError, match="no split 'eval'; expected one of train, valid, test"):
        load_data("ferplus", ferplus_folder, "eval")
    with pytest.raises(UserError, match="labels is 'best'; expected 'majority'"):
        load_data("ferplus", ferplus_folder, labels="best")
    with pytest.raises(UserError, match="num_classes is 6; expected 7"):
        load_data("ferplus", ferplus_folder, num_classes=6)


def test_a_missing_picture(ferplus_folder):
    (ferplus_folder / "FER2013Train/fer0000002.png").unlink()
    with pytest.raises(UserError, match=r"1 of the 6 pictures .* first fer0000002.png"):
        load_data("ferplus", ferplus_folder)


def test_a_truncated_picture(ferplus_folder):
    file = ferplus_folder / "FER2013Train/fer0000001.png"
    file.write_bytes(file.read_bytes()[:-30])
    with pytest.raises(UserError, match=r"fer0000001.png is truncated or damaged"):
        load_data("ferplus", ferplus_folder)


def test_a_file_that_is_no_picture(ferplus_folder):
    (ferplus_folder / "FER2013Train/fer0000001.png").write_text("not a picture")
    with pytest.raises(UserError, match=r"fer0000001.png is not an image"):
        load_data("ferplus", ferplus_folder)


def test_a_picture_of_47_by_48_pixels(save, ferplus_folder):
    save(ferplus_folder / "FER2013Train/fer0000001.png", np.zeros((48, 47), np.uint8))
    with pytest.raises(UserError, match=r"fer0000001.png is 47×48 pixels; expected 48×48"):
        load_data("ferplus", ferplus_folder)


@pytest.mark.parametrize("name", ["ferplus", "fer2013"])
def test_a_row_of_47_by_48_pixels(ferplus_csv, name):
    text = (ferplus_csv / "fer2013.csv").read_text().splitlines()
    emotion, pixels, usage = text[3].split(",")
    text[3] = ",".join([emotion, " ".join(pixels.split()[:-48]), usage])
    (ferplus_csv / "fer2013.csv").write_text("\n".join(text))
    with pytest.raises(UserError, match=r"data row 3 of .*fer2013.csv has 2256 pixels; expected 2304 \(48×48\)"):
        load_data(name, ferplus_csv)


@pytest.mark.parametrize(("pixel", "says"), [("300", "outside 0..255"), ("black", "no numbers")])
def test_pixels_that_are_none(ferplus_csv, pixel, says):
    lines = (ferplus_csv / "fer2013.csv").read_text().splitlines()
    emotion, pixels, usage = lines[1].split(",")
    lines[1] = ",".join([emotion, " ".join([pixel, *pixels.split()[-2303:]]), usage])
    (ferplus_csv / "fer2013.csv").write_text("\n".join(lines))
    with pytest.raises(UserError, match=says):
        load_data("fer2013", ferplus_csv)


def test_a_label_out_of_range(ferplus_csv):
    text = (ferplus_csv / "fer2013.csv").read_text().replace("\n3,", "\n9,", 1)
    (ferplus_csv / "fer2013.csv").write_text(text)
    with pytest.raises(UserError, match="the label '9' in data row 3; expected 0 to 6"):
        load_data("fer2013", ferplus_csv)


def test_missing_columns(ferplus_csv):
    (ferplus_csv / "fer2013new.csv").write_text((ferplus_csv / "fer2013new.csv").read_text().replace(",fear", ""))
    with pytest.raises(UserError, match=r"fer2013new.csv lacks the columns fear; it has Usage"):
        load_data("ferplus", ferplus_csv)
    (ferplus_csv / "fer2013.csv").write_text("emotion,pixels\n0,1 2 3\n")
    with pytest.raises(UserError, match=r"fer2013.csv lacks the columns usage; it has emotion, pixels"):
        load_data("fer2013", ferplus_csv)


def test_label_csv_with_a_column_too_few(ferplus_folder):
    (ferplus_folder / "FER2013Train/label.csv").write_text('fer0000000.png,"(0, 0, 48, 48)",1,2,3\n')
    with pytest.raises(UserError, match="has 5 columns; expected 12"):
        load_data("ferplus", ferplus_folder)


def test_an_empty_label_csv(ferplus_folder):
    (ferplus_folder / "FER2013Train/label.csv").write_text("")
    with pytest.raises(UserError, match=r"label.csv cannot be read as a table"):
        load_data("ferplus", ferplus_folder)


def test_votes_that_are_none(ferplus_folder):
    file = ferplus_folder / "FER2013Train/label.csv"
    file.write_text(file.read_text().replace(",9,1,", ",nine,1,", 1))
    with pytest.raises(UserError, match=r"votes that are no numbers from 0 to 10, first in data row 2"):
        load_data("ferplus", ferplus_folder)


def test_vote_file_and_pixel_file_that_do_not_belong_together(ferplus_csv):
    text = (ferplus_csv / "fer2013new.csv").read_text().splitlines()
    (ferplus_csv / "fer2013new.csv").write_text("\n".join(text[:-1]))
    with pytest.raises(UserError, match="do not belong together"):
        load_data("ferplus", ferplus_csv)


def test_half_a_zip_file(ferplus_folder, tmp_path):
    archive = Path(shutil.make_archive(str(tmp_path / "all"), "zip", ferplus_folder))
    archive.write_bytes(archive.read_bytes()[:500])
    with pytest.raises(UserError, match="not a whole zip file"):
        load_data("ferplus", archive)


# Layouts that half fit


def test_a_clone_without_pictures_is_read_from_the_csv_files(ferplus_folder, ferplus_csv):
    expected = load_data("ferplus", ferplus_csv)
    for picture in ferplus_folder.glob("*/*.png"):
        picture.unlink()
    for file in ferplus_csv.iterdir():
        shutil.copy(file, ferplus_folder)
    source = open_source("ferplus", ferplus_folder)
    assert source.provenance["layout"] == "csv"
    np.testing.assert_array_equal(source.load().images, expected.images)


def test_folders_with_pictures_win_over_the_csv_files(ferplus_folder, ferplus_csv):
    for file in ferplus_csv.iterdir():
        shutil.copy(file, ferplus_folder)
    assert open_source("ferplus", ferplus_folder).provenance["layout"] == "folders"


def test_what_systems_leave_behind_is_no_picture(ferplus_folder):
    (ferplus_folder / "FER2013Train/._fer0000001.png").write_bytes(b"AppleDouble")
    assert len(load_data("ferplus", ferplus_folder)) == 3


def test_names_are_found_whatever_their_capitals(ferplus_csv):
    (ferplus_csv / "fer2013.csv").rename(ferplus_csv / "FER2013.CSV")
    assert len(load_data("fer2013", ferplus_csv)) == 8


def test_what_the_rules_leave_out_is_counted_and_said(ferplus_folder, caplog):
    caplog.set_level(logging.INFO, "fer_tutorial")
    open_source("ferplus", ferplus_folder)
    assert caplog.messages == [
        "ferplus, train split: left out are 2 pictures without a label by the rule 'majority' and 1 pictures of "
        "contempt (8 classes, --classes 8, keep them)"
    ]


def empty(folder):
    for file in folder.glob("*/*.png"):
        file.unlink()


def first_bytes(file, count):
    file.write_bytes(file.read_bytes()[:count])


# How a folder is spoilt, and what is said
HOSTILE = {
    "no pictures at all": (empty, "holds no pictures; expected those that FERPlus's generate_training_data.py writes"),
    "pictures missing": (
        lambda root: [(root / f"FER2013Train/fer000000{n}.png").unlink() for n in (2, 3)],
        "2 of the 6 pictures that belong into",
    ),
    "two damaged pictures": (
        lambda root: [first_bytes(root / f"FER2013Train/fer000000{n}.png", 60) for n in (0, 5)],
        "2 of 3 pictures cannot be read",
    ),
    "a folder named like a picture": (
        lambda root: [
            (root / "FER2013Train/fer0000001.png").unlink(),
            (root / "FER2013Train/fer0000001.png").mkdir(),
        ],
        "fer0000001.png cannot be read",
    ),
    "a link to nowhere": (
        lambda root: [
            (root / "FER2013Train/fer0000001.png").unlink(),
            (root / "FER2013Train/fer0000001.png").symlink_to("gone.png"),
        ],
        "fer0000001.png cannot be read (No such file",
    ),
    "labels are a folder": (
        lambda root: [(root / "FER2013Train/label.csv").unlink(), (root / "FER2013Train/label.csv").mkdir()],
        "has no label.csv, and there is no fer2013new.csv beside it",
    ),
    "a split is missing": (lambda root: shutil.rmtree(root / "FER2013Train"), "is not FERPlus: expected"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_folders(case, ferplus_folder):
    spoil, says = HOSTILE[case]
    spoil(ferplus_folder)
    with refused(says):
        load_data("ferplus", ferplus_folder)


@pytest.mark.parametrize(
    ("files", "says"),
    [
        (["fer2013.tar.gz"], "; unpack fer2013.tar.gz first"),
        (["test.csv"], "has test.csv, which has no labels; expected fer2013.csv"),
        (["fer2013new.csv"], "there is no fer2013.csv in"),
        ([], "there is no fer2013.csv in"),
    ],
)
def test_neighbors_of_a_missing_file_are_mentioned(files, says, tmp_path):
    for name in files:
        (tmp_path / name).write_text("x")
    with refused(says):
        load_data("fer2013", tmp_path)


def test_which_of_the_two_csv_files_is_missing(ferplus_csv):
    (ferplus_csv / "fer2013new.csv").rename(ferplus_csv.parent / "fer2013new.csv")
    with refused("is not FERPlus: expected", "found fer2013.csv, but no fer2013new.csv"):
        load_data("ferplus", ferplus_csv)


@pytest.mark.parametrize("kind", ["encrypted", "not a zip", "damaged inside"])
def test_hostile_zip_files(kind, ferplus_csv, tmp_path):
    archive = Path(shutil.make_archive(str(tmp_path / "all"), "zip", ferplus_csv))
    content = bytearray(archive.read_bytes())
    if kind == "encrypted":
        for header, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
            at = content.find(header)
            while at >= 0:
                content[at + flags] |= 1
                at = content.find(header, at + 1)
    elif kind == "damaged inside":
        content[200:260] = bytes(60)
    else:
        content = bytearray(b"<html>")
    archive.write_bytes(content)
    with refused("all.zip"):
        load_data("fer2013", archive)


# The real files


@pytest.fixture(scope="module")
def unpacked(real_data_root, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("ferplus")
    script = real_data_root / "ferplus" / "unpack.py"
    subprocess.run([sys.executable, str(script), str(out), "--first", "50"], check=True, capture_output=True)
    return out


@pytest.mark.parametrize("split", ["train", "valid", "test"])
def test_real_pictures_get_the_labels_of_a_naive_reading(unpacked, split):
    folder = unpacked / f"FER2013{split.capitalize()}"
    expected = {}
    for row in csv.reader((folder / "label.csv").open()):
        label = naive_majority([float(vote) for vote in row[2:]])
        if label >= 0:
            expected[row[0]] = label
    data = load_data("ferplus", unpacked, split, channels=1, num_classes=8)
    assert dict(zip(data.keys.tolist(), data.labels.tolist(), strict=True)) == expected
    for key, picture, index in zip(data.keys, data.images, data.index, strict=True):
        np.testing.assert_array_equal(picture[..., 0], np.asarray(Image.open(folder / key)))
        assert key == f"fer{index:07d}.png"


def test_real_label_counts(real_data_root, tmp_path):
    """All 35,710 labels, the pictures themselves left out: empty files stand for them."""
    counts = {}
    for split in ("Train", "Valid", "Test"):
        folder = tmp_path / f"FER2013{split}"
        folder.mkdir()
        labels = real_data_root / "ferplus" / "labels" / f"FER2013{split}.csv"
        shutil.copy(labels, folder / "label.csv")
        rows = list(csv.reader(labels.open()))
        for row in rows:
            (folder / row[0]).touch()
        source = open_source("ferplus", tmp_path, split.lower(), num_classes=8)
        naive = Counter(naive_majority([float(vote) for vote in row[2:]]) for row in rows)
        assert np.bincount(source.table["labels"]).tolist() == [naive[label] for label in range(8)]
        counts[split] = (len(rows), len(source))
    assert counts == {"Train": (28558, 25045), "Valid": (3579, 3191), "Test": (3573, 3137)}
