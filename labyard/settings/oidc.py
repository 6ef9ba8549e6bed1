"""Providers that people sign in at: OpenID Connect, and OAuth 2 for GitHub."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, model_validator

from labyard.settings.groups import GroupName
from labyard.settings.kinds import Flag, HostPath, Key, Line, WebAddress, Written
from labyard.settings.section import Disagreement, Section, option

Welcome = Literal["approve", "ask"]
ISSUERS = {"github": "https://github.com", "google": "https://accounts.google.com"}

_SAFE = "an https:// address, or empty; plain http:// only on this machine's own loopback"


def _safe(value: str) -> str:
    url = urlsplit(value)
    if value and url.scheme != "https" and not _loopback(url.hostname or ""):
        raise ValueError(f"must be {_SAFE}")
    return value


def _loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


SafeAddress = Annotated[WebAddress, AfterValidator(_safe), Written(_SAFE)]
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")


def _scope(value: str) -> str:
    if not _SCOPE.fullmatch(value):
        raise ValueError("must be one word")
    return value


Scope = Annotated[str, AfterValidator(_scope), Written("one word, such as openid")]


class Provider(Section):
    """One provider. What is not said is as its preset has it."""

    key: Key = option(
        ...,
        "What tells this way from the others. Another key is another way: nobody is known by it.",
    )
    preset: Literal["oidc", "casdoor", "keycloak", "github", "google"] = option(
        "oidc", "What kind of provider it is; oidc is any that speaks OpenID Connect."
    )
    label: Line = option("", "What the sign-in page calls it.", max_length=40)
    issuer: SafeAddress = option(
        "", "Its address, from which the others are discovered. GitHub's and Google's are known."
    )
    client_id: Line = option(..., "What the provider calls this place.", min_length=1)
    client_secret_file: HostPath = option(
        ...,
        "File with the client secret, relative to the settings file; only its owner should be able to"
        " read it.",
        min_length=1,
    )
    scopes: list[Scope] = option(list, "Scopes to ask for, instead of the preset's.")
    username_claim: Line | None = option(None, "Claim that is a new account's name.")
    groups_claim: Line | None = option(
        None, "Claim with the groups; dots lead into it. Empty leaves groups to administrators."
    )
    groups: dict[Line, GroupName] = option(
        dict,
        "What the provider's groups are called here; others keep their names. A group that gives"
        " access to the engine, such as docker-privileged, is only given by being named here.",
    )
    admin_group: Line = option(
        "",
        "Group at the provider whose members are administrators here, and only as long as they are.",
    )
    new_accounts: Welcome = option(
        "ask",
        "What becomes of somebody new: approve lets them in, ask makes them wait for an administrator.",
    )
    authorize_url: SafeAddress = option("", "Where people sign in, instead of what is discovered.")
    token_url: SafeAddress = option("", "Where codes are exchanged, instead of what is discovered.")
    userinfo_url: SafeAddress = option("", "Where claims are read, instead of what is discovered.")
    jwks_url: SafeAddress = option("", "Where its keys are, instead of what is discovered.")
    end_session_url: SafeAddress = option("", "Where sessions end, instead of what is discovered.")
    sign_out: Flag = option(False, "Whether signing out here leads to signing out there.")
    ca: HostPath = option(
        "", "File with the certificates to trust for it, instead of this machine's own."
    )

    @model_validator(mode="after")
    def _has_an_issuer(self) -> Provider:
        if not self.issuer and self.preset not in ISSUERS:
            clash = f"auth.oidc: {self.key} has no issuer, which the preset {self.preset} needs"
            raise Disagreement([(("auth.oidc",), clash)])
        if self.admin_group and self.groups_claim == "":
            clash = f"auth.oidc: {self.key} has an admin_group, which needs a groups_claim"
            raise Disagreement([(("auth.oidc",), clash)])
        return self
