"""Lets the tests of this folder import the small modules beside them (tiny data, quick settings)."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
