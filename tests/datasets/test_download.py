import hashlib
import json

import numpy as np
import pytest

from fer_tutorial.datasets.download import Remote, download_file, fetch_text
from tests.helpers.loopback import loopback
from tests.helpers.refusals import refused

CONTENT = np.random.default_rng(0).bytes(300_000)


@pytest.fixture
def server(monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with loopback() as state:
        state.files["/a.zip"] = CONTENT
        yield state


def remote(server, **changes):
    return Remote(
        **{"url": f"{server.url}/a.zip", "size": len(CONTENT), "md5": hashlib.md5(CONTENT).hexdigest()} | changes
    )


def get(server, folder, attempts=3, timeout=(5, 5), **changes):
    target = folder / "a.zip"
    return download_file(remote(server, **changes), target, False, attempts, 0, timeout)


def test_a_file_arrives_whole(server, tmp_path):
    assert get(server, tmp_path) == hashlib.sha256(CONTENT).hexdigest()
    assert [file.name for file in tmp_path.iterdir()] == ["a.zip"]
    assert (tmp_path / "a.zip").read_bytes() == CONTENT
    assert server.asked == [("/a.zip", None)]


@pytest.mark.parametrize("fault", ["truncate", "stall"])
def test_the_rest_alone_is_asked_for_after_a_break(server, tmp_path, fault):
    server.faults["/a.zip"] = [fault]
    get(server, tmp_path, timeout=(5, 0.3))
    assert server.asked[0] == ("/a.zip", None)
    start = int(server.asked[1][1].removeprefix("bytes=").removesuffix("-"))
    assert 0 < start <= len(CONTENT) // 2
    assert len(server.asked) == 2
    assert (tmp_path / "a.zip").read_bytes() == CONTENT


def test_the_next_call_goes_on_where_the_last_one_stopped(server, tmp_path):
    server.faults["/a.zip"] = ["truncate"]
    with refused("broke off", "run the same command again"):
        get(server, tmp_path, attempts=1)
    assert not (tmp_path / "a.zip").exists()
    get(server, tmp_path, attempts=1)
    assert server.asked[1][1] is not None
    assert (tmp_path / "a.zip").read_bytes() == CONTENT


def test_all_bytes_that_had_arrived_are_not_asked_for_again(server, tmp_path):
    (tmp_path / ".a.zip.part").write_bytes(CONTENT)
    get(server, tmp_path)
    assert server.asked == []


def test_a_part_of_unknown_origin_is_not_continued(server, tmp_path):
    (tmp_path / ".a.zip.part").write_bytes(b"of something else")
    get(server, tmp_path)
    assert server.asked == [("/a.zip", None)]


@pytest.mark.parametrize("etag", [None, 'W/"weak"'])
def test_without_a_strong_etag_everything_is_asked_for_again(server, tmp_path, etag):
    server.etag = etag
    server.faults["/a.zip"] = ["truncate"]
    get(server, tmp_path)
    assert server.asked == [("/a.zip", None)] * 2


@pytest.mark.parametrize("second", ["no range", "elsewhere", 416])
def test_a_server_that_does_not_continue_starts_anew(server, tmp_path, second):
    server.faults["/a.zip"] = ["truncate", second]
    get(server, tmp_path)
    assert (tmp_path / "a.zip").read_bytes() == CONTENT


def test_a_file_that_changed_between_two_parts_is_not_pasted_together(server, tmp_path):
    server.faults["/a.zip"] = ["truncate"]
    with refused("broke off"):
        get(server, tmp_path, attempts=1)
    server.etag, server.files["/a.zip"] = '"second"', CONTENT[::-1]
    get(server, tmp_path, md5=hashlib.md5(CONTENT[::-1]).hexdigest())
    assert (tmp_path / "a.zip").read_bytes() == CONTENT[::-1]


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        ("other", "gave another file each time"),
        ("more", "sent more than the 300,000 bytes"),
        (500, "answered 500"),
        (503, "answered 503"),
    ],
)
def test_what_stays_wrong_is_said_and_leaves_no_file(server, tmp_path, fault, why):
    server.faults["/a.zip"] = [fault] * 3
    with refused("was tried 3 times", why):
        get(server, tmp_path)
    assert not (tmp_path / "a.zip").exists()
    server.faults["/a.zip"] = [fault]
    get(server, tmp_path)  # what passes is no matter
    assert (tmp_path / "a.zip").read_bytes() == CONTENT


def test_a_server_that_promises_more_bytes_than_it_has_gives_the_file_all_the_same(server, tmp_path):
    server.faults["/a.zip"] = ["longer"]
    get(server, tmp_path)
    assert (tmp_path / "a.zip").read_bytes() == CONTENT
    assert len(server.asked) == 1


def test_a_list_that_promises_more_bytes_than_there_are_is_not_believed(server, tmp_path):
    with refused("ended after 300,000 of 300,001 bytes"):
        get(server, tmp_path, size=len(CONTENT) + 1)


@pytest.mark.parametrize("status", [403, 404, 410])
def test_a_refusal_is_final(server, tmp_path, status):
    server.faults["/a.zip"] = [status]
    with refused(f"answered {status}", "with a browser"):
        get(server, tmp_path)
    assert len(server.asked) == 1


def test_redirects_are_followed_but_not_in_a_circle(server, tmp_path):
    server.faults["/a.zip"] = ["redirect"]
    get(server, tmp_path)
    server.faults["/a.zip"] = ["redirect"] * 50
    with refused("leads nowhere"):
        download_file(remote(server), tmp_path / "b.zip", False, 1, 0)


def test_no_server_is_said(server, tmp_path):
    with refused("could not be reached"):
        get(server, tmp_path, url="http://127.0.0.1:1/a.zip")
    with refused("leads nowhere"):
        get(server, tmp_path, url="ftp://127.0.0.1/a.zip")


def test_a_place_that_cannot_be_written_is_said(server, tmp_path):
    with refused("cannot be written"):
        get(server, tmp_path / "gone")


def test_a_proxy_of_the_environment_is_used(server, tmp_path, monkeypatch):
    monkeypatch.setenv("http_proxy", server.url)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    get(server, tmp_path, url="http://faces.invalid/a.zip")
    assert server.asked == [("http://faces.invalid/a.zip", None)]


def test_a_short_text_is_read_and_a_long_one_refused(server):
    server.files["/list"] = json.dumps({"files": []}).encode()
    server.faults["/list"] = ["truncate", 500]
    assert fetch_text(f"{server.url}/list", 100, pause=0) == '{"files": []}'
    with refused("longer than 10 bytes"):
        fetch_text(f"{server.url}/list", 10, pause=0)
    server.faults["/list"] = [500] * 2
    with refused("was tried 2 times and answered 500"):
        fetch_text(f"{server.url}/list", 10, attempts=2, pause=0)
