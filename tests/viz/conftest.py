"""Every test of a picture starts with matplotlib's own settings and leaves no figure open."""

import matplotlib.pyplot as plt
import pytest


@pytest.fixture(autouse=True)
def _own_settings():
    with plt.rc_context():
        yield
    plt.close("all")
