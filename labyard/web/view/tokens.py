"""What the page of API tokens shows, and what it may ask the hub for. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any

from labyard.core.errors import Refused
from labyard.core.units import write_seconds
from labyard.web.view.words import ago, lasting

LONGEST_NOTE = 100
NEVER = "never"
_USUAL = "90"
_DAYS = (1, 7, 30, 90, 365)
_DAY = 86_400
_ROUNDED = timedelta(minutes=1)  # so that 90 days are not 89 at once
_SIGNED_IN = "JupyterHub"  # what the hub calls tokens that no app was given

# Labyard's own REST asks for this of everybody.
_PAGES = "access:services!service=labyard"


@dataclass(frozen=True, slots=True)
class Right:
    """Something a token may be made for. ``scopes`` are the hub's; ``sign`` is the one that tells it.

    ``!user`` is the token's owner, so that none of them reaches anybody else.
    """

    key: str
    title: str
    explained: str
    scopes: tuple[str, ...]
    sign: str


RIGHTS = (
    Right(
        "see",
        "See my servers",
        "Which ones there are, what they are made of, and whether they run.",
        ("read:servers!user", "read:users:name!user", _PAGES),
        "read:servers",
    ),
    Right(
        "act",
        "Start and stop my servers",
        "See them too; restart and delete them, and reset volumes.",
        ("servers!user", "read:users:name!user", _PAGES),
        "servers",
    ),
    Right(
        "use",
        "Work inside my running labs",
        "Read and write all my files, and run code there.",
        ("access:servers!user",),
        "access:servers",
    ),
    Right(
        "all",
        "Everything I may do",
        "Also what I may do later, and making more tokens. Few programs need this.",
        ("inherit",),
        "tokens",
    ),
)


@dataclass(frozen=True, slots=True)
class Life:
    """How long a token may live. ``seconds`` None is for ever."""

    key: str
    words: str
    seconds: int | None


@dataclass(frozen=True, slots=True)
class Typed:
    """The form as it was sent. ``meant`` says that a token without an end is no slip."""

    note: str = ""
    rights: Sequence[str] = ("see",)
    life: str = ""
    meant: bool = False


@dataclass(frozen=True, slots=True)
class Wish:
    """A token as somebody asks for it; ``life`` None is for ever."""

    note: str
    scopes: tuple[str, ...]
    life: int | None


@dataclass(frozen=True, slots=True)
class TokenView:
    """One token, or all those of one app, as a row. Times are in words."""

    id: str
    note: str
    rights: tuple[str, ...]
    created: str
    used: str
    expires: str
    soon: bool


@dataclass(frozen=True, slots=True)
class Tokens:
    """The page's three lists."""

    own: Sequence[TokenView]
    apps: Sequence[TokenView]
    labs: Sequence[TokenView]


def lives(longest: float | None) -> Sequence[Life]:
    """Return the lives to choose from, the usual one being 90 days; ``longest`` is in seconds."""
    fitting = [days for days in _DAYS if longest is None or days * _DAY <= longest]
    found = [Life(str(days), _days(days), days * _DAY) for days in fitting]
    if longest is None:
        found.append(Life(NEVER, "It never expires", None))
    return found or [Life("longest", write_seconds(longest or 0), int(longest or 0))]


def usual(offered: Sequence[Life]) -> str:
    """Return the life that is chosen beforehand: 90 days, or the longest that there is."""
    keys = [life.key for life in offered if life.key != NEVER]
    return _USUAL if _USUAL in keys else keys[-1]


def wish(typed: Typed, *, longest: float | None) -> Wish:
    """Return what was asked for; ``longest`` is the longest life in seconds.

    Raises
    ------
    Refused
        Naming the field, and what may be in it.
    """
    note = " ".join(typed.note.split())
    if not note or len(note) > LONGEST_NOTE or not note.isprintable():
        raise Refused(
            f"A note has 1 to {LONGEST_NOTE} visible characters.",
            remedy="Say what the token is for, for example: nightly report.",
        )
    chosen = [right for right in RIGHTS if right.key in typed.rights]
    if not chosen or len(chosen) != len(set(typed.rights)):
        raise Refused("The token could do nothing.", remedy="Choose what it may do.")
    offered = {one.key: one for one in lives(longest)}
    if typed.life not in offered:
        raise Refused("A token cannot live that long.", remedy="Choose one of the page's times.")
    if typed.life == NEVER and not typed.meant:
        raise Refused(
            "A token that never expires works until somebody revokes it, also for a thief.",
            remedy="If you mean it, say so below the expiry; else choose a time.",
        )
    scopes = dict.fromkeys(scope for right in chosen for scope in right.scopes)
    asked = ("inherit",) if "inherit" in scopes else tuple(scopes)
    return Wish(note, asked, offered[typed.life].seconds)


def tokens(
    models: Iterable[Mapping[str, Any]], labs: Collection[str], *, owner: str, now: datetime
) -> Tokens:
    """Sort the hub's token models. ``labs`` are the ids of those that running labs hold."""
    newest = sorted(models, key=lambda model: str(model["created"]), reverse=True)
    held = [model for model in newest if model["id"] in labs]
    others = [model for model in newest if model["id"] not in labs]
    own = [model for model in others if model["oauth_client"] == _SIGNED_IN]
    apps = sorted(
        (model for model in others if model["oauth_client"] != _SIGNED_IN),
        key=lambda model: str(model["oauth_client"]),
    )
    return Tokens(
        own=[_row(model, owner, now, note=str(model["note"])) for model in own],
        apps=[
            _app(name, list(group), owner, now)
            for name, group in groupby(apps, lambda model: str(model["oauth_client"]))
        ],
        labs=[_row(model, owner, now, note=str(model["note"])) for model in held],
    )


def _app(name: str, models: Sequence[Mapping[str, Any]], owner: str, now: datetime) -> TokenView:
    """Return one row for all tokens of an app: the hub revokes them together."""
    latest = max(models, key=lambda model: str(model["last_activity"] or model["created"]))
    if name.endswith(" labyard"):
        name = "These pages"
    return _row(latest, owner, now, note=name)


def _row(model: Mapping[str, Any], owner: str, now: datetime, *, note: str) -> TokenView:
    expires = _time(model["expires_at"])
    left = None if expires is None else expires - now
    used = _time(model["last_activity"])
    created = _time(model["created"]) or now
    return TokenView(
        id=str(model["id"]),
        note=note or "no note",
        rights=rights_in_words(model["scopes"], owner),
        created=ago(now - created),
        used=ago(now - used) if used else "never",
        expires="never" if left is None else f"in {lasting(left + _ROUNDED)}",
        soon=left is not None and left < timedelta(days=7),
    )


def rights_in_words(scopes: Iterable[str], owner: str) -> tuple[str, ...]:
    """Return what a token may do: in the page's words, and the hub's for all that has none."""
    bare = {scope.removesuffix(f"!user={owner}") for scope in scopes}
    if "tokens" in bare:
        return (RIGHTS[-1].title,)
    said = [right for right in RIGHTS[1:-1] if right.sign in bare]
    if "servers" not in bare and "read:servers" in bare:
        said.insert(0, RIGHTS[0])
    titles = [right.title for right in said]
    if any(scope.startswith("access:servers!server=") for scope in bare):
        titles.append("Open this lab")
    rest = sorted(scope for scope in bare if not _told(scope))
    return tuple(titles + rest) or ("See who I am",)


def _told(scope: str) -> bool:
    """Return whether a scope is part of what a right's title, or a sign-in, says."""
    if "!" in scope:
        return scope.startswith(("access:services!", "access:servers!server="))
    return scope.startswith(("servers", "access:serv", "read:", "start:", "delete:servers"))


def _time(text: str | None) -> datetime | None:
    if not text:
        return None
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _days(days: int) -> str:
    return {1: "1 day", 365: "1 year"}.get(days, f"{days} days")
