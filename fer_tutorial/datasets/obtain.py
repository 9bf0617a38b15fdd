"""Data sets whose license lets anybody download them: from their owners' address into a folder that a reader takes."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from fer_tutorial.datasets.cards import CARDS
from fer_tutorial.datasets.download import Remote, download_file, fetch_text
from fer_tutorial.datasets.unpack import unpack_zip
from fer_tutorial.errors import UserError

RECORD = "download.json"
MOST_LISTED = 2_000_000  # bytes of the owners' list of files


@dataclass(frozen=True)
class Offer:
    """What to download of a set.

    Args:
        listing: the address of the owners' list of files, in figshare's form: name, size, download_url, computed_md5.
        files: those that a reader needs.  Of a zip file, a folder of its name is made.
    """

    listing: str
    files: tuple[str, ...]


OFFERS = {
    "london": Offer(
        "https://api.figshare.com/v2/articles/5047666",
        ("london_faces_info.csv", "neutral_front.zip", "smiling_front.zip"),
    )
}


def download_data(name: str, to: str | Path, progress: bool = True, offer: Offer | None = None, **trying: Any) -> Path:
    """Download the data set ``name`` into the folder ``to``; the same call continues an interrupted one.

    Every file has to have the size and the MD5 that its owners' list states.  ``download.json`` in the folder keeps
    where each came from, when, and its SHA-256, so that two copies can be compared.  What is there already and in that
    record is not fetched again.

    Args:
        name: a data set that anybody may download: ``london``.
        to: the folder, made if need be.
        progress: show a progress bar.
        offer: another list and other files than the package knows.
        **trying: ``attempts``, ``pause`` and ``timeout`` of :func:`~fer_tutorial.datasets.download.download_file`.

    Raises:
        UserError: a set that is not handed out to anybody; no connection; files that are not what the list says.
    """
    offer = offer or OFFERS.get(name)
    if offer is None:
        if name not in CARDS:
            raise UserError(f"there is no data set {name!r}; expected one that can be downloaded: {', '.join(OFFERS)}")
        raise UserError(
            f"{name} is not handed out to just anybody ({CARDS[name].access.rstrip('.')}); expected one that is: "
            f"{', '.join(OFFERS)}"
        )
    folder = Path(to).expanduser()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / ".download.lock", timeout=0):
            _fill(folder, offer, progress, trying)
    except Timeout:
        raise UserError(
            f"{folder} is being filled by another download; wait for it, or choose another folder"
        ) from None
    except OSError as error:
        raise UserError(f"{folder} cannot be written ({error.strerror}); choose another folder") from None
    return folder


def _fill(folder: Path, offer: Offer, progress: bool, trying: dict[str, Any]) -> None:
    record = _record(folder)
    if all(file in record and _place(folder, file).exists() for file in offer.files):
        return
    remotes = _listed(offer, fetch_text(offer.listing, MOST_LISTED, **trying))
    for file, remote in remotes.items():
        place = _place(folder, file)
        if place.exists():
            if file in record:
                continue
            raise UserError(f"{place} is there, but not by this command; move it away, or choose another folder")
        sha256 = download_file(remote, folder / file, progress, **trying)
        when = datetime.now(UTC).isoformat(timespec="seconds")
        record[file] = {"url": remote.url, "bytes": remote.size, "md5": remote.md5, "sha256": sha256, "when": when}
        fresh = folder / f".{RECORD}.new"
        fresh.write_text(json.dumps({"listing": offer.listing, "files": record}, indent=1) + "\n")
        os.replace(fresh, folder / RECORD)
        if file.endswith(".zip"):  # after the record, so that an unpacked folder is never taken for a stranger's
            unpack_zip(folder / file, place)
            (folder / file).unlink()


def _place(folder: Path, file: str) -> Path:
    return folder / file.removesuffix(".zip")


def _record(folder: Path) -> dict[str, Any]:
    try:
        return dict(json.loads((folder / RECORD).read_text())["files"])
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _listed(offer: Offer, text: str) -> dict[str, Remote]:
    """The wanted files as the owners list them."""
    try:
        rows = {str(row["name"]): row for row in json.loads(text)["files"]}
    except (ValueError, KeyError, TypeError):
        raise UserError(f"{offer.listing} is no list of files as figshare writes it; download with a browser") from None
    found = {}
    for file in offer.files:
        row = rows.get(file, {})
        url, size, md5 = row.get("download_url"), row.get("size"), row.get("computed_md5")
        right = isinstance(url, str) and url.startswith(("https://", "http://")) and isinstance(size, int) and size > 0
        if not (right and isinstance(md5, str) and re.fullmatch("[0-9a-f]{32}", md5)):
            raise UserError(
                f"{offer.listing} lists no {file} with its address, size and MD5; the owners may have changed the set, "
                "so download it with a browser"
            )
        found[file] = Remote(str(url), int(size or 0), md5)
    return found
