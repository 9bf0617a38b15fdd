import hashlib
import io
import json
import zipfile

import pytest
from filelock import FileLock
from PIL import Image

from fer_tutorial.cli import main as cli
from fer_tutorial.datasets import load_data, obtain
from fer_tutorial.datasets.obtain import OFFERS, Offer, download_data
from tests.helpers.loopback import loopback
from tests.helpers.refusals import refused

POINTS = "\n".join(["189", "60 80", "100 80", *["80 100"] * 187])


def archive(word):
    picture = io.BytesIO()
    Image.new("RGB", (200, 200), "gray").save(picture, "JPEG")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        for person in ("001", "002"):
            packed.writestr(f"{word}/{person}_03.jpg", picture.getvalue())
            packed.writestr(f"{word}/{person}_03.tem", POINTS)
    return buffer.getvalue()


@pytest.fixture
def server(monkeypatch):
    """London's owners, as far as this machine goes."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with loopback() as state:
        state.files = {
            "/london_faces_info.csv": b"face_id,face_age,face_gender\nX001,38,male\nX002,25,female\n",
            "/neutral_front.zip": archive("neutral_front"),
            "/smiling_front.zip": archive("smiling_front"),
            "/neutral_left_profile.zip": b"not wanted",
        }
        rows = [
            {"name": path[1:], "size": len(content), "download_url": state.url + path, "computed_md5": md5(content)}
            for path, content in state.files.items()
        ]
        state.files["/list"] = json.dumps({"files": rows}).encode()
        monkeypatch.setitem(OFFERS, "london", Offer(f"{state.url}/list", OFFERS["london"].files))
        yield state


def md5(content):
    return hashlib.md5(content).hexdigest()


def change(server, name, /, **values):
    listing = json.loads(server.files["/list"])
    for row in listing["files"]:
        if row["name"] == name:
            row |= values
    server.files["/list"] = json.dumps(listing).encode()


def test_london_is_downloaded_and_can_be_read(server, tmp_path, capsys):
    cli.main(["datasets", "download", "london", "--to", str(tmp_path / "set")])
    shown = capsys.readouterr().out
    assert "CC BY 4.0" in shown
    assert "4 samples of 2 people: neutral 2, happiness 2" in shown
    data = load_data("london", tmp_path / "set", "test")
    assert data.groups.tolist()[0] == ["30 to 39", "male", ""]
    names = sorted(path.name for path in (tmp_path / "set").iterdir() if not path.name.startswith("."))
    assert names == ["download.json", "london_faces_info.csv", "neutral_front", "smiling_front"]
    record = json.loads((tmp_path / "set" / "download.json").read_text())["files"]["smiling_front.zip"]
    assert record["sha256"] == hashlib.sha256(server.files["/smiling_front.zip"]).hexdigest()


def test_what_is_there_is_not_fetched_again(server, tmp_path):
    download_data("london", tmp_path, progress=False)
    asked = len(server.asked)
    assert download_data("london", tmp_path, progress=False) == tmp_path
    assert len(server.asked) == asked
    (tmp_path / "smiling_front").rename(tmp_path / "elsewhere")
    download_data("london", tmp_path, progress=False)
    assert [path for path, _ in server.asked[asked:]] == ["/list", "/smiling_front.zip"]


def test_an_interrupted_download_goes_on(server, tmp_path):
    server.faults["/smiling_front.zip"] = ["truncate"]
    with refused("/smiling_front.zip was tried 1 times", "run the same command again"):
        download_data("london", tmp_path, progress=False, attempts=1)
    asked = len(server.asked)
    download_data("london", tmp_path, progress=False, attempts=1)
    (_, (path, start)) = server.asked[asked:]
    assert path == "/smiling_front.zip"
    assert start is not None
    assert len(load_data("london", tmp_path, "test")) == 4


def test_an_interruption_while_unpacking_is_made_good(server, tmp_path, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(obtain, "unpack_zip", stop)
    with pytest.raises(KeyboardInterrupt):
        download_data("london", tmp_path, progress=False)
    monkeypatch.undo()
    offer = Offer(f"{server.url}/list", OFFERS["london"].files)
    download_data("london", tmp_path, progress=False, offer=offer)
    assert len(load_data("london", tmp_path, "test")) == 4


def test_a_folder_of_other_origin_is_left_alone(server, tmp_path):
    (tmp_path / "neutral_front").mkdir()
    with refused("neutral_front is there, but not by this command"):
        download_data("london", tmp_path, progress=False)


def test_one_download_a_folder(server, tmp_path):
    with FileLock(tmp_path / ".download.lock"), refused("is being filled by another download"):
        download_data("london", tmp_path, progress=False)


@pytest.mark.parametrize(
    "values",
    [
        {"name": "renamed.zip"},
        {"size": "12"},
        {"size": -1},
        {"computed_md5": ""},
        {"download_url": "file:///etc/passwd"},
    ],
)
def test_a_list_that_has_changed_is_refused(server, tmp_path, values):
    change(server, "neutral_front.zip", **values)
    with refused("lists no neutral_front.zip with its address, size and MD5"):
        download_data("london", tmp_path, progress=False)


@pytest.mark.parametrize("text", [b"<html>", b"[]", b'{"files": [1]}', b"{}"])
def test_what_is_no_list_is_refused(server, tmp_path, text):
    server.files["/list"] = text
    with refused("is no list of files"):
        download_data("london", tmp_path, progress=False)


def test_a_file_in_the_way_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with refused("cannot be written"):
        download_data("london", tmp_path / "file", progress=False)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("kdef", "kdef is not handed out to just anybody"),
        ("cats", "there is no data set 'cats'; expected one that can be downloaded: london"),
    ],
)
def test_others_are_not_downloaded(tmp_path, name, sentence):
    with refused(sentence):
        download_data(name, tmp_path)


@pytest.mark.parametrize("arguments", [["london"], ["--to", "x"]])
def test_the_command_needs_a_name_and_a_folder(arguments, capsys):
    with pytest.raises(SystemExit):
        cli.main(["datasets", "download", *arguments])
    assert "expected fer-tutorial datasets download london --to DIR" in capsys.readouterr().err
