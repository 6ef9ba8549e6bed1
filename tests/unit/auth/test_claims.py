"""From a provider's claims to an identity, and what presets know."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from labyard.auth.ways.claims import identity
from labyard.auth.ways.endpoints import Discovery
from labyard.auth.ways.presets import resolve
from labyard.auth.ways.provider import Provider
from labyard.auth.ways.way import CannotAsk
from labyard.core.errors import Forbidden
from labyard.settings import oidc

PROVIDER = Provider("casdoor", "Casdoor", "https://sso.example.org", "id", "secret")
ANN = {"sub": "7", "preferred_username": "ann", "email": "ann@example.org", "email_verified": True}


def test_who_it_is() -> None:
    said = identity(PROVIDER, ANN, kept="kept")
    assert said.key == ("casdoor", "https://sso.example.org", "7")
    assert (said.name, said.email, said.kept) == ("ann", "ann@example.org", "kept")
    assert (said.groups, said.admin) == (None, None), "no claim is no word"
    assert "secret" not in repr(PROVIDER)


@pytest.mark.parametrize(
    "claims",
    [
        {**ANN, "email_verified": False},
        {**ANN, "email_verified": "true"},
        {"sub": "7", "email": "ann@example.org"},
        {"sub": "7", "email_verified": True},
        {"sub": "7", "email": "ann", "email_verified": False},
    ],
)
def test_an_unverified_address_is_no_name(claims: dict[str, Any]) -> None:
    with pytest.raises(Forbidden):
        identity(replace(PROVIDER, username_claim="email"), claims)


def test_nor_by_another_claim() -> None:
    with pytest.raises(Forbidden, match="has not verified"):
        identity(PROVIDER, {**ANN, "preferred_username": "boss@example.org"})
    assert identity(PROVIDER, {**ANN, "preferred_username": "ann@example.org"}).name


@pytest.mark.parametrize(
    ("path", "claims", "groups"),
    [
        (
            "groups",
            {"groups": ["/staff", "org/team", "engineers"]},
            {"staff", "org/team", "docker"},
        ),
        ("groups", {"groups": ["docker"]}, set()),
        ("groups", {"groups": "staff"}, {"staff"}),
        ("groups", {"groups": [1, None, {"a": 1}, "über", "", "a b"]}, set()),
        ("groups", {}, set()),
        ("realm.roles", {"realm": {"roles": ["staff"]}}, {"staff"}),
        ("realm.roles", {"realm": "staff"}, set()),
        ("https://x.org/groups", {"https://x.org/groups": ["staff"]}, {"staff"}),
    ],
)
def test_groups(path: str, claims: dict[str, Any], groups: set[str]) -> None:
    provider = replace(PROVIDER, groups_claim=path, groups={"engineers": "docker"})
    assert identity(provider, {**ANN, **claims}).groups == groups


def test_administrators_by_the_providers_own_name_of_the_group() -> None:
    provider = replace(PROVIDER, groups_claim="groups", admin_group="a b")
    assert identity(provider, {**ANN, "groups": ["a b"]}).admin is True
    assert identity(provider, ANN).admin is False


def chosen(**more: Any) -> Provider:
    said = {"key": "one", "client_id": "id", "client_secret_file": "secret", **more}
    return resolve(oidc.Provider(**said), secret="s", ca="")


def test_github_tells_people_apart_by_number() -> None:
    github = chosen(preset="github")
    said = identity(github, {"id": 583231, "login": "octocat", "email": "o@example.org"})
    assert (said.key, said.name) == (("one", "https://github.com", "583231"), "octocat")
    assert (said.email, said.groups) == ("", None)
    assert not github.oidc


def test_what_is_said_goes_before_the_preset() -> None:
    keycloak = chosen(
        preset="keycloak",
        issuer="https://sso.example.org/realms/lab",
        label="Our account",
        scopes=["openid"],
        groups_claim="",
    )
    assert (keycloak.label, keycloak.scopes, keycloak.groups_claim) == (
        "Our account",
        ("openid",),
        "",
    )
    google = chosen(preset="google")
    assert google.username_claim == "email"
    assert google.authorize_params["access_type"] == "offline", "else it gives nothing to ask with"


# -- where it does what -------------------------------------------------------------------------------


def discovery(document: object, **more: Any) -> Discovery:
    async def fetch(_url: str) -> Any:
        return document

    return Discovery(replace(PROVIDER, **more), fetch)


async def test_another_issuers_document_is_refused() -> None:
    with pytest.raises(CannotAsk, match="another issuer"):
        await discovery({"issuer": "https://elsewhere.example.org"}).endpoints()


async def test_an_address_without_tls_is_refused() -> None:
    found = {"issuer": PROVIDER.issuer, "token_endpoint": "http://sso.example.org/token"}
    with pytest.raises(CannotAsk, match="without TLS"):
        await discovery(found).endpoints()


async def test_what_the_settings_say_goes_before_what_is_discovered() -> None:
    found = {"issuer": PROVIDER.issuer, "token_endpoint": "https://sso.example.org/token"}
    endpoints = await discovery(found, authorize_url="https://sso.example.org/begin").endpoints()
    assert (endpoints.authorize, endpoints.token) == (
        "https://sso.example.org/begin",
        "https://sso.example.org/token",
    )
