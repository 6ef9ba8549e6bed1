"""What is known of common providers, and a provider from the settings put together with it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from labyard.auth.ways.provider import Provider
from labyard.auth.ways.way import Welcome
from labyard.settings import oidc

PRESETS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "oidc": {"label": "OpenID Connect", "groups_claim": "groups"},
        "casdoor": {"label": "Casdoor", "groups_claim": "groups"},
        "keycloak": {"label": "Keycloak", "groups_claim": "groups"},
        "google": {
            "label": "Google",
            "username_claim": "email",
            # Else it gives no refresh token, or one at the first sign-in only.
            "authorize_params": {"access_type": "offline", "prompt": "consent"},
        },
        # Signs nothing: who somebody is comes from its REST, told apart by number.
        "github": {
            "label": "GitHub",
            "oidc": False,
            "scopes": ("read:user",),
            "subject_claim": "id",
            "username_claim": "login",
            "authorize_url": "https://github.com/login/oauth/authorize",
            "token_url": "https://github.com/login/oauth/access_token",
            "userinfo_url": "https://api.github.com/user",
        },
    }
)

_SAID = (
    "label username_claim groups_claim authorize_url token_url userinfo_url jwks_url end_session_url"
).split()


def resolve(chosen: oidc.Provider, *, secret: str, ca: str) -> Provider:
    """Return the provider that the settings describe; ``secret`` and ``ca`` are what their files say."""
    said = {name: value for name in _SAID if (value := getattr(chosen, name)) not in (None, "")}
    if chosen.groups_claim == "":
        said["groups_claim"] = ""
    if chosen.scopes:
        said["scopes"] = tuple(chosen.scopes)
    return Provider(
        key=chosen.key,
        issuer=chosen.issuer or oidc.ISSUERS[chosen.preset],
        client_id=chosen.client_id,
        client_secret=secret,
        groups=dict(chosen.groups),
        admin_group=chosen.admin_group,
        welcome=Welcome(chosen.new_accounts),
        sign_out=chosen.sign_out,
        ca=ca,
        **{**PRESETS[chosen.preset], **said},
    )
