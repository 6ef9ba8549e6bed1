"""From what a provider says of somebody to an identity. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from labyard.auth.ways.provider import Provider
from labyard.auth.ways.way import Identity
from labyard.core.errors import Forbidden
from labyard.settings.groups import GroupName

_MOST_GROUPS = 200
_group_name: TypeAdapter[str] = TypeAdapter(GroupName)


def identity(provider: Provider, claims: Mapping[str, Any], *, kept: str = "") -> Identity:
    """Return who somebody is by a provider's claims.

    Raises
    ------
    Forbidden
        When they name nobody, or by an e-mail address that the provider has not verified.
    """
    name, email = _text(claims, provider.username_claim), _text(claims, "email")
    verified = claims.get("email_verified") is True
    if not name:
        raise Forbidden(
            f"{provider.label} does not say what you are called: the claim"
            f" {provider.username_claim!r} is missing.",
            remedy="Tell an administrator; the scopes or the claim in the settings may be wrong.",
        )
    if ("@" in name or provider.username_claim == "email") and not (verified and name == email):
        raise Forbidden(
            f"{provider.label} has not verified your e-mail address, so it cannot be your name here.",
            remedy=f"Have it verified at {provider.label}, then sign in again.",
        )
    said = _groups(claims, provider.groups_claim) if provider.groups_claim else None
    return Identity(
        way=provider.key,
        issuer=provider.issuer,
        subject=_text(claims, provider.subject_claim),
        name=name,
        groups=None if said is None else frozenset(_here(said, provider.groups)),
        admin=provider.admin_group in said if said is not None and provider.admin_group else None,
        email=email if verified else "",
        kept=kept,
    )


def has_groups(provider: Provider, claims: Mapping[str, Any]) -> bool:
    """Return whether the claims say anything of groups."""
    return _at(claims, provider.groups_claim) is not None


def _groups(claims: Mapping[str, Any], path: str) -> list[str]:
    """Return the provider's names of groups; a claim that is missing names none."""
    found = _at(claims, path)
    listed = found if isinstance(found, list) else [found]
    return [item for item in listed if isinstance(item, str)][:_MOST_GROUPS]


def _here(said: list[str], names: Mapping[str, str]) -> Iterator[str]:
    """Yield what groups are called here: what the settings call them, else their own name.

    A name that the settings give to one of the provider's groups is not another's to have.
    """
    for item in said:
        if item in names:
            yield names[item]
        elif (own := item.lstrip("/")) not in names.values() and _usable(own):
            yield own


def _usable(name: str) -> bool:
    try:
        _group_name.validate_python(name)
    except ValidationError:
        return False
    return True


def _at(claims: Mapping[str, Any], path: str) -> Any:
    """Return a claim by its name, or by a path with dots into nested ones."""
    if path in claims:
        return claims[path]
    found: Any = claims
    for part in path.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    return (
        str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
    )
