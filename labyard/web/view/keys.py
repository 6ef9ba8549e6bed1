"""What the page of SSH keys shows. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from labyard.ssh.keyring import KeptKey
from labyard.web.view.words import ago

_KINDS = {
    "ssh-ed25519": "Ed25519",
    "ssh-rsa": "RSA",
    "sk-ssh-ed25519@openssh.com": "Ed25519, security key",
    "sk-ecdsa-sha2-nistp256@openssh.com": "ECDSA, security key",
}


@dataclass(frozen=True, slots=True)
class KeyView:
    """One key as a row. Times are in words."""

    id: int
    label: str
    kind: str
    fingerprint: str
    added: str
    used: str


def view_keys(kept: Iterable[KeptKey], now: datetime) -> Sequence[KeyView]:
    """Return the rows of the page."""
    return [
        KeyView(
            id=key.id,
            label=key.label,
            kind=_KINDS.get(key.kind, "ECDSA"),
            fingerprint=key.fingerprint,
            added=_ago(key.added, now),
            used=_ago(key.last_used, now) if key.last_used else "never",
        )
        for key in kept
    ]


def _ago(moment: datetime, now: datetime) -> str:
    return ago(now - moment.replace(tzinfo=UTC))
