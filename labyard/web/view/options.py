"""What the pages about a server's options show, beside the form itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jupyterhub.slugs import is_valid_safe_slug

from labyard.core import servernames
from labyard.core.models import Lab
from labyard.core.units import show_bytes
from labyard.gpu.choose import held
from labyard.options import words
from labyard.options.declaration import Options, kept
from labyard.options.limits import Limits
from labyard.options.link import link
from labyard.options.parse import parse
from labyard.options.profiles import outcome
from labyard.options.refused import OptionsRefused, called
from labyard.settings.schema import Settings
from labyard.web.sampler import Snapshot
from labyard.web.servers import Person, Server
from labyard.web.view.server import made_of

NAME_RULE = "Lower-case letters, digits and single dashes, a letter first; at most 30."


@dataclass(frozen=True, slots=True)
class Free:
    """How many GPUs are free now, of how many. ``enough`` is for what the server asks for."""

    free: int
    of: int
    asked: int

    @property
    def enough(self) -> bool:
        """Return whether a start would find its GPUs."""
        return self.asked <= self.free


@dataclass(frozen=True, slots=True)
class Summary:
    """What a server gets, in words; or what is ``wrong`` with the choices, a sentence each.

    ``query`` is that of the link which carries the choices.
    """

    given: Options
    size: str
    free: Free | None
    wrong: tuple[str, ...]
    query: str


def summary(raw: Mapping[str, Any], server: str, limits: Limits, snapshot: Snapshot) -> Summary:
    """Return what to say about choices as they are typed."""
    wrong: tuple[str, ...] = ()
    try:
        chosen = parse(raw, limits)
    except OptionsRefused as error:
        wrong = tuple(f"{called(field)}: {why}" for field, why in error.fields.items())
        chosen = Options()
    given = outcome(chosen, limits)
    name = {"server": server} if is_valid_safe_slug(server) else {}
    return Summary(
        given=given,
        size=words.size(given),
        free=_free(given, limits, snapshot),
        wrong=wrong,
        query="" if wrong else link(chosen, **name),
    )


def _free(given: Options, limits: Limits, snapshot: Snapshot) -> Free | None:
    if limits.missing("gpus") or snapshot.error is not None:
        return None
    there = len(limits.devices)
    asked = there if given.gpus == "all" else words.count_of(given.gpus)
    taken = held(snapshot.labs.values()) & set(limits.devices)
    return Free(there - len(taken), there, asked)


@dataclass(frozen=True, slots=True)
class Info:
    """What was chosen for a server and what it is made of, each as label and value."""

    chosen: tuple[tuple[str, str], ...]
    made_of: tuple[tuple[str, str], ...]
    query: str


def view_info(server: Server, lab: Lab | None, limits: Limits, settings: Settings) -> Info:
    """Return what to say about a server; ``lab`` is None while none runs."""
    lab = lab if server.ready else None
    chosen = kept(server.options)
    made = made_of(server, lab, limits)
    held_now = len(held([lab])) if lab is not None else 0
    facts = {
        "Image": made.image,
        "CPU": words.cores(made.cpu) if made.cpu is not None else "no limit",
        "Memory": show_bytes(made.memory) if made.memory is not None else "no limit",
        "GPUs": words.gpus(held_now),
    }
    titles = {profile.name: profile.title for profile in settings.labs.profiles}
    told = chosen.model_copy(update={"profile": titles.get(chosen.profile or "", chosen.profile)})
    return Info(
        chosen=words.told(told),
        made_of=tuple((label, value) for label, value in facts.items() if value),
        query=link(chosen, **({"server": server.name} if server.name else {})),
    )


def name_objection(server: str, person: Person) -> str:
    """Return why a new server cannot be called ``server``; empty where it can."""
    if not server:
        return f"A name is missing. {NAME_RULE}"
    if not is_valid_safe_slug(server):
        return f"{server[:40]!r} cannot be a name. {NAME_RULE} For example train-long."
    if why := servernames.objection(server):
        return f"{why} Choose another name, for example my-{server}."
    if server in person.servers:
        return f"There is a server called {server} already. Choose another name."
    return ""
