"""From a line of an ``id_….pub`` file to a key that can be kept. Pure.

Only what signs people in is kept: the kind and the key itself. Options that would run commands, and
certificates, are refused; the comment becomes the label when none is given.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import unicodedata
from dataclasses import dataclass

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import ssh

from labyard.core.errors import Refused

LONGEST_LABEL = 60
SMALLEST_RSA = 3072  # bits
LARGEST_RSA = 16_384  # bits; OpenSSH takes no larger ones
_LONGEST_TEXT = 16 * 1024

KINDS = (
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "ssh-rsa",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
)
_MAKE_ONE = "Make one with: ssh-keygen -t ed25519"
_PRIVATE = re.compile(r"PRIVATE KEY|PuTTY-User-Key-File", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key as it is kept. ``blob`` is its base64, ``fingerprint`` as OpenSSH writes it."""

    kind: str
    blob: str
    fingerprint: str
    label: str


def parse(text: str, label: str = "") -> PublicKey:
    """Return the key in one line of a ``.pub`` file, or of ``authorized_keys`` without options.

    Raises
    ------
    Refused
        When it is a private key, more than one, of a kind that is not taken, or no key at all. The
        message never repeats what was sent.
    """
    if _PRIVATE.search(text):
        raise Refused(
            "That is a private key. It was not kept.",
            remedy="Nobody but you may have it: now that it was sent, make a new pair, and put the"
            " line of its file ending in .pub here.",
        )
    lines = [line for line in text[:_LONGEST_TEXT].splitlines() if line.strip()]
    if len(text) > _LONGEST_TEXT or len(lines) != 1:
        raise _no_key("A key is one line." if lines else "No key was given.")
    kind, blob, comment = _fields(lines[0])
    raw = _decode(blob)
    _check(kind, raw)
    return PublicKey(
        kind=kind,
        blob=base64.b64encode(raw).decode(),
        fingerprint=fingerprint(raw),
        label=label_of(label or comment) or kind,
    )


def fingerprint(raw: bytes) -> str:
    """Return a key's SHA256 fingerprint as ``ssh-keygen -l`` shows it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(raw).digest()).decode().rstrip("=")


def label_of(text: str) -> str:
    """Return text as a label: one line of at most ``LONGEST_LABEL`` visible characters."""
    shown = (c if unicodedata.category(c)[0] not in "CZ" else " " for c in text)
    return " ".join("".join(shown).split())[:LONGEST_LABEL].strip()


def _fields(line: str) -> tuple[str, str, str]:
    """Return kind, base64 and comment of a line."""
    kind, *rest = line.split(maxsplit=2)
    if kind in KINDS and rest:
        return kind, rest[0], rest[1] if len(rest) > 1 else ""
    if "-cert-v01@" in kind:
        raise _no_key("Certificates are not taken.")
    if kind in {"ssh-dss", "ssh-rsa1"}:
        raise Refused(f"{kind} keys are too weak.", remedy=_MAKE_ONE)
    if any(f" {known} " in f" {line} " for known in KINDS):
        raise Refused(
            "Options before a key are not taken.",
            remedy="Leave out what stands before the kind, for example before ssh-ed25519.",
        )
    raise _no_key("That is not a public key of a kind that is taken.")


def _decode(blob: str) -> bytes:
    try:
        return base64.b64decode(blob, validate=True)
    except (binascii.Error, ValueError):
        raise _no_key("The key is damaged: it is not base64.") from None


def _check(kind: str, raw: bytes) -> None:
    line = f"{kind} {base64.b64encode(raw).decode()}".encode()
    try:
        key = ssh.load_ssh_public_key(line)
    except (ValueError, UnsupportedAlgorithm):
        raise _no_key("The key is damaged: a part is missing, or too much.") from None
    if isinstance(key, RSAPublicKey) and not SMALLEST_RSA <= key.key_size <= LARGEST_RSA:
        raise Refused(
            f"This RSA key has {key.key_size} bits; {SMALLEST_RSA} to {LARGEST_RSA} are asked for.",
            remedy=_MAKE_ONE,
        )


def _no_key(what: str) -> Refused:
    return Refused(
        what,
        remedy="Paste the whole line of the file ending in .pub; it begins with its kind,"
        " for example ssh-ed25519.",
    )
