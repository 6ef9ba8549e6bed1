"""A key for each lab, derived and never kept: the lab's salt is on its label, the secret is ours."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass

from labyard.core.models import ServerRef
from labyard.core.names import NOTICES, SERVER, USER_ID
from labyard.notices.seal import KEY, SEAL, TIME, seal


@dataclass(frozen=True, slots=True)
class Handover:
    """What a new lab is given: ``labels`` are seen by all, ``secrets`` by the lab alone."""

    labels: Mapping[str, str]
    secrets: Mapping[str, str]


class Keys:
    """The keys of all labs of an installation. ``secret`` is 32 random bytes of its own."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def hand_over(self, ref: ServerRef) -> Handover:
        """Return what a new lab of ``ref`` gets; no two labs get the same key."""
        labels = {
            USER_ID: str(ref.owner.id),
            SERVER: ref.server,
            NOTICES: secrets.token_hex(16),
        }
        return Handover({NOTICES: labels[NOTICES]}, {KEY: self.key(labels)})

    def headers(self, labels: Mapping[str, str], body: bytes) -> Mapping[str, str]:
        """Return the headers that make the lab with these labels believe ``body``, for minutes."""
        now = int(time.time())
        return {TIME: str(now), SEAL: seal(self.key(labels), now, body)}

    def key(self, labels: Mapping[str, str]) -> str:
        """Return the key of the lab with these labels; empty if it was given none."""
        salt = labels.get(NOTICES)
        if not salt:
            return ""
        identity = "\0".join([labels.get(USER_ID, ""), labels.get(SERVER, ""), salt])
        return hmac.new(self._secret, identity.encode(), hashlib.sha256).hexdigest()
