import pytest

from fer_tutorial.datasets import load_data
from fer_tutorial.datasets.load import READERS
from fer_tutorial.datasets.recognize import SIGNS, recognize
from tests.helpers.refusals import refused

# A few files of each set, as the owners name them.
FILES = {
    "ferplus": ["FERPlus/FER2013Train/label.csv"],
    "fer2013": ["train/angry/Training_3908.jpg"],
    "london": ["london/neutral_front/001_03.tem"],
    "rafdb": ["RAF-DB/basic/EmoLabel/list_patition_label.txt"],
    "affectnet": ["Manually_Annotated_file_lists/training.csv"],
    "expw": ["data/label/label.lst"],
    "emotionet": ["URLsWithEmotionCat_aws_free.xlsx"],
    "genki": ["GENKI-R2009a/Subsets/GENKI-4K/GENKI-4K_Labels.txt"],
    "jaffe": ["jaffe/KA.AN1.39.tiff"],
    "kdef": ["KDEF_and_AKDEF/KDEF/AF01/AF01AFS.JPG", "KDEF_and_AKDEF/AKDEF/FAFS.JPG"],
    "akdef": ["AKDEF/FAFS.JPG"],
    "rafd": ["Rafd090_01_Caucasian_female_angry_frontal.jpg"],
    "ckplus": ["cohn-kanade-images/S005/001/S005_001_00000001.png"],
    "oulu_casia": ["OriginalImg/VL/Strong/P001/Anger/000.jpeg"],
    "disfa": ["ActionUnit_Labels/SN001/SN001_au1.txt"],
    "bp4d": ["AU-Intensity-Codes3.0/AU06/F001_T1_AU06.csv"],
    "folder": ["train/happy/1.png"],
    "list": ["labels.csv", "1.png"],
    "packed": ["train/header.json"],
}


@pytest.mark.parametrize("name", FILES)
def test_every_set_is_recognized_by_its_files(name, tmp_path):
    for file in FILES[name]:
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).touch()
    assert recognize(tmp_path) == name


def test_every_reader_of_files_can_be_recognized():
    assert set(FILES) == {*READERS, "packed"} - {"synthetic", "synthetic_sequences"}
    assert set(SIGNS) == set(FILES) - {"folder", "list"}


def test_what_is_not_plain(tmp_path):
    with refused("is like no data set that this package reads"):
        recognize(tmp_path)
    for file in ("fer2013.csv", "fer2013new.csv"):
        (tmp_path / file).touch()
    with refused("may be ferplus or fer2013; expected one data set, so give its name"):
        recognize(tmp_path)
    assert recognize(tmp_path / "fer2013.csv") == "fer2013"
    with refused("pass root (--data-root)"):
        recognize(None)


def test_load_data_says_what_it_found(save, face, tmp_path, caplog):
    caplog.set_level("INFO")
    save(tmp_path / "KA.AN1.39.tiff", face(0))
    assert load_data("auto", tmp_path, "all").name == "jaffe"
    assert "is read as jaffe" in caplog.text
