"""From the command line's ``--settings`` to the installation it speaks of."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar
from urllib.parse import urlsplit

import click

from labyard.cli.client import Client
from labyard.core.errors import LabyardError
from labyard.settings.schema import Settings
from labyard.wiring import Installation

_P = ParamSpec("_P")
_R = TypeVar("_R")

_ANY = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 - read, not bound


def with_installation(
    verb: Callable[Concatenate[Installation, _P], _R],
) -> Callable[_P, _R]:
    """Hand the installation that the settings describe to a verb, as its first argument."""

    @functools.wraps(verb)
    def wrapped(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        return verb(open_installation(click.get_current_context().find_root().obj), *args, **kwargs)

    return wrapped


def open_installation(settings_file: str | None) -> Installation:
    """Return the installation whose settings are in ``settings_file``, or here.

    Raises
    ------
    SettingsError
        With everything that is wrong with the settings.
    """
    return Installation.here(Path(settings_file) if settings_file else None)


def local_url(settings: Settings) -> str:
    """Return the address of the front door as seen from this machine, base path included."""
    host = _ANY.get(settings.edge.address, settings.edge.address)
    host = f"[{host}]" if ":" in host else host
    return f"http://{host}:{settings.edge.port}{settings.base_url}"


def asked_host(settings: Settings) -> str:
    """Return the name our pages are asked for where labs have names too; empty where any name does."""
    return urlsplit(settings.external_url).netloc if settings.edge.subdomains else ""


def public_url(settings: Settings) -> str:
    """Return the address people type."""
    return settings.public_url or local_url(settings)


def client(site: Installation) -> Client:
    """Return a client of the installation's REST with the command line's own token."""
    try:
        token = site.paths.secret("cli.token").read_text().strip()
    except FileNotFoundError:
        raise LabyardError(
            f"This installation was never started: it has no state in {site.paths.data}.",
            remedy="`labyard up` starts it.",
        ) from None
    except PermissionError:
        raise LabyardError(
            f"The command line's token in {site.paths.secrets} is not yours to read.",
            remedy="Run this as the account that ran `labyard up`.",
        ) from None
    return Client(local_url(site.settings), token, host=asked_host(site.settings))
