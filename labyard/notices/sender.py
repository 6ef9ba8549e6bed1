"""Sends notices to labs, at the address the engine gives for each."""

from __future__ import annotations

import json
import secrets

import aiohttp

from labyard.core.models import Lab, LabStatus
from labyard.core.names import NOTICES
from labyard.notices.keys import Keys
from labyard.notices.models import Notice, Outcome
from labyard.notices.seal import PATH

_PATIENCE = aiohttp.ClientTimeout(total=5.0)
_OUTCOMES = {
    200: Outcome.SHOWN,
    401: Outcome.REFUSED,  # the seal does not hold there
    **dict.fromkeys((403, 404, 405, 501), Outcome.UNABLE),  # what answers knows no notices
}


class Sender:
    """Sends notices. What a lab answers is only ever looked at for its status."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    async def send(self, lab: Lab, notice: Notice, *, id: str = "") -> Outcome:
        """Show ``notice`` in ``lab`` and return what became of it, within 5 seconds.

        A lab shows each ``id`` once, however often it is sent: whoever cannot tell whether a notice
        arrived may send it again. Without one every sending is shown.
        """
        if lab.status is not LabStatus.RUNNING or not lab.host:
            return Outcome.STOPPED
        if NOTICES not in lab.labels:
            return Outcome.UNABLE
        # Pages that are open show it at once; the next one to open finds it waiting.
        told = {**notice.as_json(), "immediate": True, "id": id or secrets.token_hex(16)}
        body = json.dumps(told).encode()
        headers = {"Content-Type": "application/json", **self._keys.headers(lab.labels, body)}
        url = f"http://{lab.host}:{lab.port}{PATH}"
        try:
            async with (
                aiohttp.ClientSession(timeout=_PATIENCE) as session,
                session.post(url, data=body, headers=headers, allow_redirects=False) as answer,
            ):
                return _OUTCOMES.get(answer.status, Outcome.UNREACHABLE)
        except (aiohttp.ClientError, TimeoutError):
            return Outcome.UNREACHABLE
