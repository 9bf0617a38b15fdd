import numpy as np
import pytest

from fer_tutorial.datasets import affectnet_annotations, load_data, splits_of
from fer_tutorial.datasets.affectnet import CLASSES
from tests.helpers.refusals import refused


@pytest.fixture
def affectnet(save, face, tmp_path):
    """The form of 2021: a picture a class in train_set, with gaps between the numbers, one in val_set."""
    for number, label in [*((3 * n, n) for n in range(8)), (100, 1)]:
        folder = tmp_path / ("val_set" if number == 100 else "train_set")
        save(folder / f"images/{number}.jpg", face(number, 224))
        (folder / "annotations").mkdir(exist_ok=True)
        points = np.repeat(np.arange(68) * 2.0, 2)
        values = {"exp": str(label), "val": f"{label / 10}", "aro": "-2" if label == 3 else "-0.25", "lnd": points}
        for kind, value in values.items():
            np.save(folder / f"annotations/{number}_{kind}.npy", np.array(value))
    return tmp_path


def test_the_form_of_2021(affectnet):
    data = load_data("affectnet", affectnet, num_classes=8)
    assert [data.class_names[label] for label in data.labels] == list(CLASSES)
    assert data.index.tolist() == list(range(0, 24, 3))
    assert data.keys[1] == "train_set/images/3.jpg"
    assert load_data("affectnet", affectnet, "valid").labels.tolist() == [1]
    assert splits_of("affectnet", affectnet) == ("train", "valid")
    points = load_data("affectnet", affectnet, landmarks=True, size=56).landmarks
    np.testing.assert_allclose(points[0, 10], [5, 5])


def test_valence_and_arousal(affectnet):
    table = affectnet_annotations(affectnet)
    assert table["label"].tolist() == list(CLASSES)
    np.testing.assert_allclose(table["valence"], np.arange(8) / 10)
    assert np.flatnonzero(table["arousal"].isna()).tolist() == [3]


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("3_exp", np.array("happy"), "3_exp.npy holds no number"),
        ("3_exp", np.array("11"), "3_exp.npy is 11; expected 0 to 10"),
        ("3_exp", np.array(["1", "2"]), "3_exp.npy holds no number"),
        ("3_exp", np.array({"a": 1}, dtype=object), "3_exp.npy cannot be read"),
        ("3_lnd", np.zeros(100), "3_lnd.npy holds no 68 points"),
        ("3_exp", None, "3_exp.npy cannot be read"),
    ],
)
def test_hostile_annotations(affectnet, name, value, says):
    file = affectnet / f"train_set/annotations/{name}.npy"
    file.unlink()
    if value is not None:
        np.save(file, value, allow_pickle=True)
    with refused(says):
        load_data("affectnet", affectnet, landmarks=True)


def test_pictures_with_other_names(affectnet, save, face):
    save(affectnet / "train_set/images/one.jpg", face(0))
    with refused("holds one; expected pictures named by numbers"):
        load_data("affectnet", affectnet)


@pytest.fixture
def numbered(save, face, tmp_path):
    for part in ("train", "val"):
        for number in range(8):
            save(tmp_path / f"numbered/{part}/{number}/{number}.jpg", face(number))
    return tmp_path / "numbered"


def test_the_order_of_numbered_folders_is_asked_for(numbered):
    with refused("are numbers, and numbers mean different expressions", "order=owners", "order=anger,contempt"):
        load_data("affectnet", numbered)
    data = load_data("affectnet", numbered, num_classes=8, order="owners")
    assert [data.class_names[label] for label in data.labels] == list(CLASSES)
    words = "anger,contempt,disgust,fear,happy,neutral,sad,surprise"
    for order in (words, tuple(words.split(","))):
        data = load_data("affectnet", numbered, "valid", num_classes=8, order=order)
        assert data.class_names[data.labels[4]] == "happiness"
        assert data.class_names[data.labels[5]] == "neutral"


@pytest.mark.parametrize(
    ("order", "says"),
    [
        ("anger,anger", "order is 'anger,anger'; expected 'owners'"),
        ("zebra", "order is 'zebra'"),
        (7, "order is 7"),
        ("anger,fear", "but order has 2 names"),
    ],
)
def test_orders_that_are_none(numbered, order, says):
    with refused(says):
        load_data("affectnet", numbered, order=order)


def test_what_is_not_affectnet(numbered, save, face, tmp_path):
    for part in ("train", "test"):
        save(tmp_path / f"named/{part}/happy/1.png", face(0))
    with refused("are named after expressions; read", "as 'folder'"):
        load_data("affectnet", tmp_path / "named")
    (tmp_path / "empty").mkdir()
    with refused("is not AffectNet's train split; expected AffectNet's folder"):
        load_data("affectnet", tmp_path / "empty")
    with refused("AffectNet's test set was never given out"):
        load_data("affectnet", numbered, "test")
    with refused("missing is 'maybe'"):
        load_data("affectnet", numbered, missing="maybe")
    with refused("has no valence and arousal"):
        affectnet_annotations(numbered)
    with refused("pass root (--data-root)"):
        load_data("affectnet")
