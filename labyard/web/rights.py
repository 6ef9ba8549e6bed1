"""What the caller of a request may do. What is not granted is refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jupyterhub.services.auth import check_scopes

from labyard.core.errors import Forbidden
from labyard.settings import apply

READ = "read:servers"
ACT = "servers"
LIST = "list:users"
# Over everybody's accounts. AUDIT is the audit alone: for a service that collects it.
ADMIN = "admin:users"
AUDIT = apply.AUDIT
FILES = "access:servers"  # what is in a person's volumes, as in their labs
# Tokens and SSH keys: both let programs in as their owner.
READ_TOKENS = "read:tokens"
TOKENS = "tokens"


def may(caller: Mapping[str, Any], scope: str, user: str = "") -> bool:
    """Return whether the caller holds ``scope`` for ``user``, or for everybody without one."""
    wanted = f"{scope}!user={user}" if user else scope
    return bool(check_scopes({wanted}, set(caller.get("scopes") or ())))


def may_group(caller: Mapping[str, Any], scope: str, group: str) -> bool:
    """Return whether the caller holds ``scope`` for the members of ``group``."""
    return bool(check_scopes({f"{scope}!group={group}"}, set(caller.get("scopes") or ())))


def demand(caller: Mapping[str, Any], scope: str, user: str) -> None:
    """Do nothing if the caller holds ``scope`` for ``user``.

    Raises
    ------
    Forbidden
        The same whether or not there is such a user.
    """
    if not may(caller, scope, user):
        raise Forbidden(
            f"You may not see or change what belongs to {user!r}.",
            remedy="Sign in as that user, or as an administrator.",
        )
