from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile
from zipfile import Path as ZipPath

import pytest

from fer_tutorial.datasets.places import Listing, errors_named, opened, visible
from fer_tutorial.errors import UserError


@pytest.fixture
def tree(tmp_path) -> Path:
    """A folder with a file, a folder that holds another, a zipped folder, and what systems leave behind."""
    for name in ("table.csv", "._table.csv", "inner/Deep.csv", "inner/pictures/a.png", "__MACOSX/x", "@eaDir/y"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    with ZipFile(tmp_path / "Packed.zip", "w") as archive:
        archive.writestr("Packed/label.csv", "zipped")
    return tmp_path


def test_what_systems_leave_behind_is_not_seen(tree):
    assert [entry.name for entry in visible(tree)] == ["Packed.zip", "inner", "table.csv"]


def test_a_listing_looks_one_folder_deeper_and_ignores_capitals(tree):
    listing = Listing(tree)
    assert listing.file("TABLE.csv") == tree / "table.csv"
    assert listing.file("deep.csv") == tree / "inner" / "Deep.csv"
    assert listing.file("nowhere.csv", "table.csv") == tree / "table.csv"
    assert listing.file("a.png") is None  # two folders deep


def test_a_closed_folder_is_not_looked_into(tree):
    listing = Listing(tree, closed=("inner",))
    assert listing.folder("inner") == tree / "inner"
    assert listing.file("Deep.csv") is None


def test_a_zipped_folder_reads_like_a_folder(tree):
    folder = Listing(tree).folder("Packed")
    assert folder is not None
    with opened(folder / "label.csv") as file:
        assert file.read() == b"zipped"


def test_a_file_of_the_folder_stands_for_the_folder(tree):
    assert Listing(tree / "table.csv").file("Deep.csv") == tree / "inner" / "Deep.csv"


def test_the_folder_itself_may_be_the_one_that_is_looked_for(tree):
    assert Listing(tree / "inner").folder("inner") == tree / "inner"


def test_an_archive_that_is_none_is_named(tree):
    (tree / "broken.zip").write_text("not a zip file")
    with pytest.raises(UserError, match=r"broken\.zip is not a whole zip file"):
        Listing(tree / "broken.zip")


def test_whatever_goes_wrong_while_reading_names_the_place(tree):
    with (
        pytest.raises(UserError, match=r"missing\.csv cannot be read \(No such file or directory\)"),
        opened(tree / "missing.csv"),
    ):
        pass
    with pytest.raises(UserError, match="inner cannot be read"), opened(tree / "inner"):
        pass


def test_a_users_error_passes_as_it_is(tree):
    with pytest.raises(UserError, match=r"^mine$"), errors_named(tree):
        raise UserError("mine")


def test_an_archive_that_unpacks_to_no_table_is_refused(tmp_path):
    with ZipFile(tmp_path / "bomb.zip", "w", ZIP_DEFLATED) as archive:
        archive.writestr("fer2013.csv", bytes(60_000_000))
        archive.writestr("../outside.csv", "1")
    with (
        pytest.raises(UserError, match=r"fer2013\.csv has [\d,]+ bytes that would unpack to 60,000,000; expected"),
        opened(ZipPath(tmp_path / "bomb.zip") / "fer2013.csv"),
    ):
        pass
    assert [entry.name for entry in Listing(tmp_path / "bomb.zip").entries if entry.is_file()] == ["fer2013.csv"]
    assert not (tmp_path.parent / "outside.csv").exists()
