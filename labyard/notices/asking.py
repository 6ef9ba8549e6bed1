"""Waits for what labs have to say, at the address the engine gives for each: nobody asks often."""

from __future__ import annotations

import hashlib

import aiohttp

from labyard.core.models import Lab, LabStatus
from labyard.core.names import NOTICES
from labyard.notices.keys import Keys
from labyard.notices.seal import ACTIVITY, REPORT

_PATIENCE = aiohttp.ClientTimeout(total=40.0, sock_connect=2.0)  # a lab keeps us waiting for 25 s
_LARGEST = 4096  # bytes


class Asker:
    """Asks labs. Whatever they answer is from inside the lab: believe nothing, escape everything."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    async def news(self, lab: Lab, known: bytes) -> bytes | None:
        """Return what ``lab`` says as soon as that is not ``known``, or ``known`` after a while.

        None where it cannot be asked: it does not listen yet, or knows no such question.
        """
        return await self._asked(lab, REPORT, hashlib.sha256(known).hexdigest().encode(), known)

    async def activity(self, lab: Lab) -> bytes | None:
        """Return what ``lab`` says of its use, None where it cannot be asked."""
        return await self._asked(lab, ACTIVITY, b"", None)

    async def _asked(self, lab: Lab, path: str, body: bytes, known: bytes | None) -> bytes | None:
        if lab.status is not LabStatus.RUNNING or not lab.host or NOTICES not in lab.labels:
            return None
        headers = self._keys.headers(lab.labels, body)
        url = f"http://{lab.host}:{lab.port}{path}"
        try:
            async with (
                aiohttp.ClientSession(timeout=_PATIENCE) as session,
                session.post(url, data=body, headers=headers, allow_redirects=False) as answer,
            ):
                if answer.status == 204:
                    return known
                return await _whole(answer) if answer.status == 200 else None
        except (aiohttp.ClientError, TimeoutError):
            return None


async def _whole(answer: aiohttp.ClientResponse) -> bytes | None:
    """Return all that is said, in however many pieces it comes; None where that is too much."""
    content = b""
    async for piece in answer.content.iter_any():
        content += piece
        if len(content) > _LARGEST:
            return None
    return content
