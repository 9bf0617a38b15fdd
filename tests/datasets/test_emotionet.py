import numpy as np
import pandas as pd
import pytest

from fer_tutorial.datasets import emotionet_action_units, load_data
from fer_tutorial.datasets.emotionet import CATEGORIES
from tests.helpers.refusals import refused

WORDS = list(CATEGORIES)


def flags(*words):
    return [int(word in words) for word in WORDS]


@pytest.fixture
def emotionet(save, face, tmp_path):
    """A row for each category and one of two; the picture of fear was never fetched, a page came for surprise."""
    pytest.importorskip("openpyxl")
    rows = []
    for number, word in enumerate(WORDS):
        name = f"N_0000000001_{number:05}.jpg"
        rows.append([f"http://a.example/x/{name}", f"http://b.example/{number}.png", *flags(word)])
        if word == "surprised":
            (tmp_path / name).write_text("<html>404</html>")
        elif word == "sad":
            save(tmp_path / name, face(0, 1))
        elif word != "fearful":
            save(tmp_path / (name if number % 2 else f"images/{number}.png"), face(number, 64))
    rows.append(["http://a.example/two.jpg", "", *flags("happy", "sad")])
    pd.DataFrame(rows).to_excel(tmp_path / "URLsWithEmotionCat_aws_free.xlsx", header=False, index=False)
    return tmp_path


def test_rows_of_one_basic_category(emotionet, caplog):
    caplog.set_level("INFO")
    data = load_data("emotionet", emotionet, "all")
    assert [data.class_names[label] for label in data.labels] == ["anger", "disgust", "happiness"]
    assert data.index.tolist() == [WORDS.index(word) for word in ("angry", "disgusted", "happy")]
    assert "11 rows of a compound category or several and 1 rows whose picture is not there" in caplog.text
    assert "and 2 files that are no photographs" in caplog.text


def test_a_head_does_not_matter(emotionet):
    file = emotionet / "URLsWithEmotionCat_aws_free.xlsx"
    table = pd.read_excel(file, header=None)
    table.columns = ["url", "orig_url", *WORDS]
    table.to_excel(file, index=False)
    assert load_data("emotionet", emotionet, "all").labels.tolist() == [4, 5, 1]


def test_hostile_tables(emotionet):
    file = emotionet / "URLsWithEmotionCat_aws_free.xlsx"
    table = pd.read_excel(file, header=None)
    table.iloc[2, 5] = 7
    table.to_excel(file, header=False, index=False)
    with refused("row 3 of", "has categories that are not 0 or 1"):
        load_data("emotionet", emotionet)
    table.iloc[:, :9].to_excel(file, header=False, index=False)
    with refused("has 9 columns; expected two addresses and 16 categories"):
        load_data("emotionet", emotionet)
    file.write_text("no table")
    with refused("aws_free.xlsx cannot be read"):
        load_data("emotionet", emotionet)
    file.unlink()
    with refused("has 0 files such as URLsWithEmotionCat_aws_free.xlsx"):
        load_data("emotionet", emotionet)


def test_nothing_was_fetched(emotionet):
    for file in [*emotionet.rglob("*.jpg"), *emotionet.rglob("*.png")]:
        file.unlink()
    with refused("none of the pictures that", "so fetch them first"):
        load_data("emotionet", emotionet)


def test_action_units(tmp_path):
    values = ["999"] * 60
    values[0], values[11] = "1", "0"
    (tmp_path / "dataFile_0001.txt").write_text("http://a/1.jpg\thttp://b/1.jpg\t" + "\t".join(values) + "\r\n")
    table = emotionet_action_units(tmp_path)
    assert table.loc[0, ["address", "au_1", "au_12"]].tolist() == ["http://a/1.jpg", 1, 0]
    assert np.isnan(table.loc[0, "au_60"])
    (tmp_path / "dataFile_0001.txt").write_text("http://a/1.jpg http://b/1.jpg " + " ".join(["2"] * 60))
    with refused("line 1 of", "is no list of 60 action units"):
        emotionet_action_units(tmp_path)
    (tmp_path / "dataFile_0001.txt").unlink()
    with refused("has no files such as dataFile_0001.txt"):
        emotionet_action_units(tmp_path)
