"""Tells whoever works in a lab what has just gone wrong there, inside JupyterLab."""

from __future__ import annotations

from labyard.core import causes
from labyard.engines.base import Engine
from labyard.incidents.incident import Incident
from labyard.incidents.watcher import Tell
from labyard.notices.models import LONGEST, Kind, Notice
from labyard.notices.sender import Sender

# What is said inside the lab. A lab that knows better tells of its own storage itself.
_REMEDIES = {causes.KERNEL_OUT_OF_MEMORY: "Close notebooks, or give it more memory at home."}


def teller(engine: Engine, sender: Sender) -> Tell:
    """Return what sends an incident to the lab it happened in."""

    async def tell(name: str, incident: Incident) -> None:
        notice = notice_of(incident)
        lab = await engine.lab(name) if notice else None
        if notice is not None and lab is not None:
            await sender.send(lab, notice)

    return tell


def notice_of(incident: Incident) -> Notice | None:
    """Return the notice for an incident, or None where the lab tells of it itself."""
    remedy = _REMEDIES.get(incident.cause)
    if remedy is None:
        return None
    words = " ".join(filter(None, [f"{incident.cause.title}.", incident.facts, remedy]))
    return Notice(words[:LONGEST], Kind.WARNING, auto_close=False)
