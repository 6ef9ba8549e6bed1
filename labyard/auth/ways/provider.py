"""A provider as this place deals with it: everything decided, the preset's part too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from labyard.auth.ways.way import Welcome


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider to sign in at.

    ``oidc`` is whether it signs what it says (an id token); without, it is plain OAuth 2 and
    ``subject_claim`` names the number that it tells people apart by. Addresses that are empty are
    discovered from the ``issuer``. ``groups`` says what its groups are called here; an empty
    ``groups_claim`` is no word about groups at all. ``authorize_params`` go with everybody who is sent
    there. ``ca`` is a file, empty for the machine's own.
    """

    key: str
    label: str
    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    oidc: bool = True
    scopes: tuple[str, ...] = ("openid", "profile", "email")
    subject_claim: str = "sub"
    username_claim: str = "preferred_username"
    groups_claim: str = ""
    groups: Mapping[str, str] = field(default_factory=dict)
    admin_group: str = ""
    welcome: Welcome = Welcome.ASK
    authorize_params: Mapping[str, str] = field(default_factory=dict)
    authorize_url: str = ""
    token_url: str = ""
    userinfo_url: str = ""
    jwks_url: str = ""
    end_session_url: str = ""
    sign_out: bool = False
    ca: str = ""
