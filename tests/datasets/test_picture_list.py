import logging

import numpy as np
import pytest

from fer_tutorial.datasets import load_data, open_source, picture_table, splits_of
from fer_tutorial.datasets.commands import pack_splits
from tests.helpers.refusals import refused

NUMBERED = "1:surprise,2:fear,3:disgust,4:happiness,5:sadness,6:anger,7:neutral"


@pytest.fixture
def listed(save, face, tmp_path):
    """``listed(text)`` writes text as list.txt beside pictures a.png to f.png, of which picture a is face(0)."""

    def write(text, name="list.txt", pictures="abcdef"):
        root = tmp_path / "faces"
        for number, letter in enumerate(pictures):
            save(root / f"pictures/{letter}.png", face(10 * number))
        (root / name).write_bytes(text if isinstance(text, bytes) else text.encode())
        return root

    return write


def named(data):
    return dict(zip(data.keys.tolist(), [data.class_names[label] for label in data.labels], strict=True))


@pytest.mark.parametrize(
    "text",
    [
        "a.png,happy\nb.png,sad\n",
        "a.png happy\nb.png sad",
        "name\temotion\na.png\thappy\r\nb.png\tsad\r\n",
        "\ufeffimage;age;Emotion\na.png;30;Happiness\nb.png;41;SADNESS\n",
        '"","label","file"\n"1","joy","pictures/a.png"\n"2","sad","pictures/b.png"\n',
        "file,expression\npictures\\A.PNG,smile\nb,sorrow\n",
        "file,expression\na,smile\nb,sorrow\n",
    ],
)
def test_lists_in_many_forms(listed, text, face):
    options = {"picture": "file"} if text.startswith("file") else {}
    data = load_data("list", listed(text), "all", channels=1, **options)
    assert named(data) == {"pictures/a.png": "happiness", "pictures/b.png": "sadness"}
    assert data.index.tolist() == [0, 1]
    np.testing.assert_array_equal(data.images[1, ..., 0], face(10))


def test_the_list_itself_is_a_root(listed):
    root = listed("a.png,happy\n")
    assert named(load_data("list", root / "list.txt", "all")) == {"pictures/a.png": "happiness"}


def test_numbers_are_told_by_an_option_or_a_file(listed):
    root = listed("a.png 1\nb.png 7\nc.png 4.0\n")
    expected = {"pictures/a.png": "surprise", "pictures/b.png": "neutral", "pictures/c.png": "happiness"}
    (root / "meaning.csv").write_text("label,expression\n" + NUMBERED.replace(",", "\n").replace(":", ","))
    (root / "words.csv").write_text("surprise 1\nneutral 7\nhappy 4\n")
    in_words = {1: "surprise", 4: "happy", 7: "neutral"}
    for expressions in (NUMBERED, "meaning.csv", "words.csv", in_words):
        data = load_data("list", root, "all", table="list.txt", expressions=expressions)
        assert named(data) == expected


def test_numbers_are_never_guessed(listed):
    with refused(
        "has numbers as labels (1, 7), and numbers mean different expressions", "expressions=1:surprise,2:fear"
    ):
        load_data("list", listed("a.png 1\nb.png 7\n"), "all")


def test_labels_that_are_not_explained_are_left_out_and_said(listed, caplog):
    caplog.set_level(logging.INFO)
    root = listed("a.png 1\nb.png 8\nc.png 8\nd.png 9\n")
    assert len(load_data("list", root, "all", expressions=NUMBERED)) == 1
    assert "left out are 3 lines with other labels than those explained (8: 2, 9: 1)" in caplog.text


def test_labels_that_are_no_expressions(listed):
    with refused("2 labels that are no expressions (happines); did you mean 'happiness'?", "can be said"):
        load_data("list", listed("a.png,happines\nb.png,happines\nc.png,sad\n"), "all")


def test_contempt_is_kept_by_eight_classes_alone(listed, caplog):
    caplog.set_level(logging.INFO)
    root = listed("a.png,contempt\nb.png,happy\n")
    assert load_data("list", root, "all").index.tolist() == [1]
    assert "1 pictures of contempt" in caplog.text
    assert load_data("list", root, "all", num_classes=8).labels.tolist() == [7, 1]
    with refused("nothing but contempt"):
        load_data("list", listed("a.png,contempt\nb.png,contempt\n"), "all")


def test_missing_pictures_are_refused_or_said(listed, caplog):
    caplog.set_level(logging.INFO)
    root = listed("a.png,happy\ny.png,sad\nz.png,sad\n")
    with refused("2 of the 3 pictures", "are not among the 6 below", "first 'y.png'", "missing=skip"):
        load_data("list", root, "all")
    assert load_data("list", root, "all", missing="skip").index.tolist() == [0]
    assert "left out are 2 lines whose picture is not there" in caplog.text
    with refused("3 of the 3 pictures"):
        load_data("list", listed("x,happy\ny,sad\nz,sad\n"), "all", picture=1, missing="skip")


def test_a_picture_listed_twice_alike_is_taken_once(listed, caplog):
    caplog.set_level(logging.INFO)
    root = listed("a.png,happy\nb.png,sad\npictures/a.png,joy\n")
    assert load_data("list", root, "all").index.tolist() == [0, 1]
    assert "1 lines that repeat a picture" in caplog.text


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a.png,happy\nb.png,sad\nA.PNG,sad\n", "happiness (train) and sadness (train)"),
        ("file,label,usage\na.png,sad,train\na.png,sad,test\n", "sadness (test) and sadness (train)"),
    ],
)
def test_a_picture_listed_twice_otherwise_is_refused(listed, text, says):
    with refused("lists 1 pictures more than once with several labels or splits", "a.png: " + says):
        load_data("list", listed(text), "all")


def test_unreadable_pictures_are_counted(listed):
    root = listed("a.png,happy\nb.png,sad\nc.png,sad\n")
    for letter in "ab":
        (root / f"pictures/{letter}.png").write_text("no picture")
    source = open_source("list", root, "all")
    with refused("2 of 3 pictures cannot be read", "a.png", "b.png"):
        source.load()


SPLIT_TEXT = "file,label,part,usage\na.png,happy,2,Training\nb.png,sad,2,PublicTest\nc.png,sad,1,PrivateTest\n"


def test_splits_from_a_column(listed):
    root = listed(SPLIT_TEXT)
    for split, index in (("train", 0), ("valid", 1), ("test", 2)):
        assert load_data("list", root, split, label="label").index.tolist() == [index]
    assert splits_of("list", root) == ("train", "valid", "test")
    assert load_data("list", root, "test", split_by=4).index.tolist() == [2]
    with refused("the splits of", "are called 2, 1; expected train, valid and test"):
        load_data("list", root, split_by="part")


def test_splits_from_separate_lists(listed):
    root = listed("image,label\na.png,1\nb.png,2\n", "train_labels.csv")
    listed("image,label\nc.png,4\n", "test_labels.csv")
    with refused(
        "holds 2 files that may be the list (test_labels.csv, train_labels.csv)", "table=train:FILE,test:FILE"
    ):
        load_data("list", root)
    options = {"table": "train:train_labels.csv,test:test_labels.csv", "expressions": NUMBERED}
    assert splits_of("list", root, **options) == ("train", "test")
    assert load_data("list", root, "train", **options).index.tolist() == [0, 1]
    test = load_data("list", root, "test", **options)
    assert (test.index.tolist(), named(test)) == ([2], {"pictures/c.png": "happiness"})
    with refused("has no pictures in split 'valid'; it has train, test"):
        load_data("list", root, "valid", **options)


def test_splits_from_names(save, face, tmp_path):
    for name in ("train_1.png", "train_2.png", "test_1.png"):
        save(tmp_path / name, face(0))
    (tmp_path / "list.txt").write_text("train_1.png sad\ntest_1.png sad\ntrain_2.png happy\n")
    assert load_data("list", tmp_path, "train", split_by="^([a-z]+)_").index.tolist() == [0, 2]
    with refused("split_by='_(x)' finds no split in 'train_1.png'"):
        load_data("list", tmp_path, split_by="_(x)")


def test_drawn_splits_share_nobody(save, face, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    lines = ["file,label,subject"]
    for person in range(40):
        for take in range(3):
            save(tmp_path / f"{person:02}_{take}.png", face(person, 8))
            lines.append(f"{person:02}_{take}.png,sad,P{person:02}")
    (tmp_path / "list.csv").write_text("\n".join(lines))
    people = [set(load_data("list", tmp_path, split, size=8).subjects) for split in ("train", "valid", "test")]
    assert sorted(number for part in people for number in part) == list(range(40))
    assert "80 % of the people, drawn by name" in caplog.text
    patterned = load_data("list", tmp_path, "train", size=8, subjects=r"^(\d+)_")
    assert len(set(patterned.subjects)) > 20
    load_data("list", tmp_path, "train", size=8, label="label", picture="file", split_by="drawn")


def test_a_person_in_two_splits_is_refused(listed):
    text = "file,label,usage,subject\na.png,sad,train,P1\nb.png,sad,test,P1\nc.png,sad,test,P2\n"
    with refused("has 1 people in more than one split, first P1 in train and test", "split_by=drawn"):
        load_data("list", listed(text), "all")
    assert len(load_data("list", listed(text), "all", split_by="drawn")) == 3


def test_labels_that_contradict_folders_are_said(listed, save, face, caplog):
    root = listed("x.png,sad\ny.png,joy\na.png,fear\n")
    for name in "xy":
        save(root / f"pictures/happy/{name}.png", face(0))
    assert load_data("list", root, "all").labels.tolist() == [3, 1, 6]
    assert "1 labels are not those of the folders" in caplog.text
    assert "first pictures/happy/x.png (sadness)" in caplog.text


def test_nobody_known_is_said(listed, caplog):
    caplog.set_level(logging.INFO)
    load_data("list", listed("a.png,happy\nb.png,sad\n"), "train")
    assert "drawn by name; nothing is known of who is pictured" in caplog.text


def test_the_table_has_what_else_the_list_says(listed):
    text = "file,label,split,subject,age,gender,race\nb.png,sad,test,Bo,41,female,x\nz.png,sad,test,Al,1,male,y\n"
    table = picture_table(listed(text), missing="skip")
    assert table.columns.tolist() == [
        *("picture", "index", "expression", "split", "person"),
        *("file", "label", "subject", "age", "gender", "race"),
    ]
    assert table.iloc[0].tolist()[:5] == ["pictures/b.png", 0, "sadness", "test", "Bo"]
    assert table[["age", "gender", "race"]].to_numpy().tolist() == [["41", "female", "x"]]
    assert picture_table(listed("b.png sad 41\n"), label=2)["column 3"].tolist() == ["41"]
    with refused("a list has no option 'color'; expected table,"):
        picture_table(listed(text), color="red")


def test_it_is_packed_with_its_options(listed, tmp_path):
    root = listed("a.png 1 train\nb.png 7 test\n")
    pack_splits("list", tmp_path / "packed", root, progress=False, expressions=NUMBERED, label=2, split_by=3)
    assert load_data("packed", tmp_path / "packed", "test").labels.tolist() == [0]


GOOD = "file,label,x\na.png,sad,1\nb.png,sad,2\n"


@pytest.mark.parametrize(
    ("text", "options", "says"),
    [
        (GOOD, {"label": "emotion"}, "label is 'emotion', but"),
        (GOOD, {"label": 4}, "has 3 columns; expected 1 to 3"),
        (GOOD, {"label": 0}, "has 3 columns; expected 1 to 3"),
        (GOOD, {"label": True}, "label is True"),
        (GOOD, {"label": 1}, "label and picture are the same column"),
        (GOOD, {"subjects": "person"}, "subjects is 'person', but"),
        (GOOD, {"subjects": "(x"}, "is no regular expression"),
        (GOOD, {"split_by": "when"}, "split_by is 'when', but"),
        (GOOD, {"missing": "ignore"}, "missing is 'ignore'; expected 'refuse' or 'skip'"),
        (GOOD, {"table": "gone.csv"}, "table is 'gone.csv', but there is no such file"),
        (GOOD, {"table": "a\0b"}, "but there is no such file"),
        (GOOD, {"table": "eval:list.txt"}, "table has a list for 'eval'; expected train, valid or test"),
        (GOOD, {"table": "train:"}, "table has the part 'train:'"),
        (GOOD, {"table": 3}, "table is 3; expected text"),
        (GOOD, {"pictures": "gone"}, "has no such folder"),
        (GOOD, {"expressions": "gone.txt"}, "there is no such file"),
        (GOOD, {"expressions": 7}, "expressions is 7; expected text"),
        (GOOD, {"expressions": "sad:sadness,sad:fear"}, "says twice what sad is"),
        (GOOD, {"expressions": "sad:zebra"}, "says that sad is 'zebra', which is no expression; expected one of"),
        (GOOD, {"expressions": "1:sad"}, "has the labels sad, none of which expressions explains; it explains 1"),
        (GOOD, {"expressions": "3:sad,03:fear"}, "says twice what 3 is"),
        (GOOD, {"expressions": "list.txt"}, "has 3 fields in every line; expected two"),
        (GOOD, {"separator": "|"}, "separator is '|'"),
        ("a,b,c\n", {}, "names the pictures: it has a, b, c; expected picture=NAME"),
        ("a.png,b.png,sad\n", {}, "it is not plain which column"),
        ("file,x,y\na.png,sad,1\n", {}, "has the labels: it has file, x, y; expected label=NAME"),
        ("file,label,label\na.png,sad,1\n", {}, "has two columns 'label'"),
        ("file,label\n", {"picture": 1}, "has one line, which names no picture"),
        (
            "file,label,subject\na.png,sad,\nb.png,sad,P1\n",
            {},
            "does not say who is in 1 pictures, first pictures/a.png",
        ),
        ("a.png,\nb.png,sad\n", {}, "1 labels that are no expressions (an empty one)"),
        ("z sad\na sad\n", {"picture": 1}, "1 of the 2 pictures"),
        ("", {}, "is empty"),
    ],
)
def test_hostile_lists(listed, text, options, says):
    with refused(says):
        load_data("list", listed(text), "all", **options)


def test_no_list_and_no_root(tmp_path):
    with refused("holds no list; expected table=FILE"):
        load_data("list", tmp_path)
    with refused("pass root (--data-root)"):
        load_data("list")
    with refused("there is nothing at"):
        splits_of("list", tmp_path / "gone")
    with refused("list has no option 'color'"):
        splits_of("list", tmp_path, color="red")
