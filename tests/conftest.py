"""What every test may ask for: the folder of real face files, a browser, and a fixed seed."""

import os
import shutil
from pathlib import Path

import pytest
import torch

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def real_data_root() -> Path:
    """The folder with ``ferplus/`` and ``london/``; a test that needs real faces skips where there is none."""
    root = Path(os.environ.get("FER_DATA_ROOT", REPOSITORY.parent / "shared" / "data"))
    if not root.is_dir():
        pytest.skip("no real faces here: set FER_DATA_ROOT to a folder that holds ferplus/ and london/")
    return root


@pytest.fixture(scope="session")
def browser():
    executable = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if executable is None:
        pytest.skip("no Chromium here: install it (Debian and Ubuntu: apt install chromium) to test what pages do")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable)
        yield browser
        browser.close()


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(0)
