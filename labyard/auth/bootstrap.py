"""The first administrator: made with a secret that only whoever started the hub has seen."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from labyard.auth import codes
from labyard.core.paths import Paths

if TYPE_CHECKING:
    from labyard.auth.accounts import Accounts

_SECRET = "bootstrap"  # noqa: S105 - a file's name


def ensure(paths: Paths, accounts: Accounts, admin: str) -> str | None:
    """Return the bootstrap secret while no administrator can sign in, else None.

    The account named ``admin`` then waits for its password, which only the secret can set: at
    ``/hub/bootstrap``, once. The same secret is returned until that was done.
    """
    if accounts.usable_admins():
        discard(paths)
        return None
    secret = read(paths) or _write(paths, codes.new())
    account = accounts.find(admin)
    if account is None or not (account.admin and account.accepts(secret)):
        accounts.first_admin(admin, secret)
    return secret


def discard(paths: Paths) -> None:
    """Delete the secret: it was used, or is not needed."""
    paths.secret(_SECRET).unlink(missing_ok=True)


def read(paths: Paths) -> str:
    """Return the secret; empty when there is none."""
    try:
        return paths.secret(_SECRET).read_text().strip()
    except FileNotFoundError:
        return ""


def _write(paths: Paths, secret: str) -> str:
    path = paths.secret(_SECRET)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secret + "\n")
    return secret
