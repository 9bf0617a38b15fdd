"""For `pytest` typed in this folder or below it: the tests run as they are, `--nbval` with the settings of the book."""

pytest_plugins = ["tools.notebook_settings"]
