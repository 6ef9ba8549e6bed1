"""Text that only this installation's hub can read, such as a person's refresh token."""

from __future__ import annotations

import base64

from cryptography.fernet import Fernet, InvalidToken


class Seal:
    """Closes and opens text with a key of 32 bytes. Empty text stays empty."""

    def __init__(self, key: bytes) -> None:
        self._fernet = Fernet(base64.urlsafe_b64encode(key))

    def close(self, text: str) -> str:
        """Return ``text`` so that it can be stored."""
        return self._fernet.encrypt(text.encode()).decode() if text else ""

    def open(self, sealed: str) -> str:
        """Return what was closed; empty if that was with another key."""
        try:
            return self._fernet.decrypt(sealed.encode()).decode() if sealed else ""
        except InvalidToken:
            return ""
