"""Id tokens: who signed one, for whom, until when, and for which sign-in. Pure."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Any

import jwt

from labyard.core.errors import Forbidden

# What a provider signs with, never what it shares with others, and never nothing.
ALGORITHMS = (
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "EdDSA",
)
_LEEWAY = 30  # seconds that two clocks may differ
_NEEDED = ["iss", "sub", "aud", "exp", "iat"]


class UnknownKey(Exception):
    """The token is signed with a key that is not among those given."""


class BadToken(Forbidden):
    """An id token that does not hold."""

    code = "bad-token"

    def __init__(self, why: str) -> None:
        super().__init__(
            f"What the provider says of you does not hold: {why}.",
            remedy="Begin again; if it stays so, tell an administrator.",
        )


def verify(
    token: str, keys: Mapping[str, Any], *, issuer: str, audience: str, nonce: str | None = None
) -> Mapping[str, Any]:
    """Return the claims of an id token.

    ``keys`` is a JWK set as the provider publishes it. A ``nonce`` has to be the token's.

    Raises
    ------
    UnknownKey
        When the provider may have changed its keys since.
    BadToken
        When the token does not hold.
    """
    try:
        header = jwt.get_unverified_header(token)
        if header.get("alg") not in ALGORITHMS:
            raise BadToken("it is signed in a way that is not accepted")
        claims: Mapping[str, Any] = jwt.decode(
            token,
            _key(keys, header),
            algorithms=[header["alg"]],
            audience=audience,
            issuer=issuer,
            leeway=_LEEWAY,
            options={"require": _NEEDED},
        )
    except jwt.PyJWTError as error:
        raise BadToken(_why(error)) from error
    others = claims["aud"] if isinstance(claims["aud"], list) else []
    if (len(others) > 1 or "azp" in claims) and claims.get("azp") != audience:
        raise BadToken("it is meant for another place")
    if nonce is not None and not hmac.compare_digest(str(claims.get("nonce", "")), nonce):
        raise BadToken("it belongs to another sign-in")
    return claims


def _key(keys: Mapping[str, Any], header: Mapping[str, Any]) -> jwt.PyJWK:
    try:
        found = [
            key for key in jwt.PyJWKSet.from_dict(dict(keys)).keys if key.public_key_use != "enc"
        ]
    except jwt.PyJWTError as error:
        raise UnknownKey from error
    if "kid" in header:
        found = [key for key in found if key.key_id == header["kid"]]
    if len(found) != 1:
        raise UnknownKey
    return found[0]


def _why(error: jwt.PyJWTError) -> str:
    match error:
        case jwt.ExpiredSignatureError():
            return "it has expired"
        case jwt.InvalidIssuerError():
            return "another issuer vouches for it"
        case jwt.InvalidAudienceError():
            return "it is meant for another place"
        case jwt.InvalidSignatureError():
            return "it is not signed by the provider"
        case _:
            return "it cannot be read"
