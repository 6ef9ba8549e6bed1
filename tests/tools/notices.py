"""Sending notices to the labs of a test's installation, as its service does."""

from __future__ import annotations

from labyard.core.models import Lab
from labyard.notices.models import Notice, Outcome
from labyard.notices.sender import Sender
from labyard.wiring import Installation
from tests.tools.apart import apart
from tests.tools.yard import Yard


def lab_of(yard: Yard, user: str, server: str = "") -> Lab:
    """Return a lab as the engine tells of it now."""

    async def look() -> Lab:
        site = Installation.here(yard.file)
        engine = site.engine()
        try:
            found = await engine.lab(site.names.lab(user, server))
        finally:
            await engine.close()
        assert found is not None
        return found

    return apart(look())


def send(yard: Yard, lab: Lab, notice: Notice, *, id: str = "") -> Outcome:
    """Send a notice and return what became of it."""
    sender = Sender(Installation.here(yard.file).notice_keys)
    return apart(sender.send(lab, notice, id=id))
