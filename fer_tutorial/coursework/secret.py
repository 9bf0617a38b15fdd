"""The course's secret: what students' variants and hidden inputs are drawn from, so that both can be drawn again."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from pathlib import Path

from fer_tutorial.errors import UserError

SHORTEST = 16  # characters


class Secret:
    """A secret that was read from a file.

    >>> Secret("sixteen letters!").number("variant", "s1") == Secret("sixteen letters!").number("variant", "s1")
    True
    """

    def __init__(self, text: str) -> None:
        if len(text) < SHORTEST:
            raise UserError(f"the secret has {len(text)} characters; expected {SHORTEST} or more, drawn at random")
        self._key = text.encode()

    def number(self, *words: str) -> int:
        """A number of 48 bits that nobody can tell without the secret, always the same for the same words."""
        return int.from_bytes(self._digest(*words)[:6])

    def code(self, *words: str) -> str:
        """Ten letters and digits in place of the words, for sheets that do not say whose they are."""
        return self._digest("code", *words).hex()[:10]

    @property
    def name(self) -> str:
        """By which records say which secret it was, without saying it."""
        return hashlib.sha256(self._digest("name")).hexdigest()[:8]

    def _digest(self, *words: str) -> bytes:
        return hmac.digest(self._key, "\0".join(words).encode(), "sha256")


def read_secret(path: Path) -> Secret:
    """The secret in a file; one that does not exist yet is made, for its owner to read only."""
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
            path.write_text(secrets.token_hex(32) + "\n")
        return Secret(path.read_text(encoding="utf-8").strip())
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"the secret {path} cannot be read or made ({error}); choose another file") from error
