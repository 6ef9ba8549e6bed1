"""Which id tokens hold."""

from __future__ import annotations

import json
import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from labyard.auth.ways.tokens import BadToken, UnknownKey, verify

ISSUER, PLACE = "https://sso.example.org", "labyard"
KEY, OTHER = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())


def published(key: Any, kid: str = "1") -> dict[str, Any]:
    return {
        **json.loads(jwt.algorithms.ECAlgorithm.to_jwk(key.public_key())),
        "kid": kid,
        "use": "sig",
    }


KEYS = {"keys": [published(KEY)]}


def token(key: Any = KEY, kid: str = "1", algorithm: str = "ES256", **claims: Any) -> str:
    now = int(time.time())
    good = {"iss": ISSUER, "aud": PLACE, "sub": "7", "iat": now, "exp": now + 60, "nonce": "n"}
    said = {name: value for name, value in {**good, **claims}.items() if value is not None}
    return jwt.encode(said, key, algorithm=algorithm, headers={"kid": kid})


def check(made: str, keys: Any = KEYS) -> Any:
    return verify(made, keys, issuer=ISSUER, audience=PLACE, nonce="n")


def test_one_that_holds() -> None:
    assert check(token())["sub"] == "7"
    assert check(token(aud=[PLACE, "other"], azp=PLACE))["sub"] == "7"
    unbound = token(nonce=None)
    assert verify(unbound, KEYS, issuer=ISSUER, audience=PLACE)["sub"] == "7"


@pytest.mark.parametrize(
    ("differing", "why"),
    [
        ({"iss": "https://elsewhere.example.org"}, "another issuer"),
        ({"iss": ISSUER + "/"}, "another issuer"),
        ({"aud": "other"}, "another place"),
        ({"aud": [PLACE, "other"]}, "another place"),
        ({"azp": "other"}, "another place"),
        ({"exp": int(time.time()) - 60}, "has expired"),
        ({"iat": int(time.time()) + 86_400}, "cannot be read"),
        ({"nonce": "another"}, "another sign-in"),
        ({"nonce": None}, "another sign-in"),
        ({"key": OTHER}, "not signed by the provider"),
        ({"exp": None}, "cannot be read"),
        ({"sub": None}, "cannot be read"),
        ({"key": "x" * 32, "algorithm": "HS256"}, "a way that is not accepted"),
        ({"key": None, "algorithm": "none"}, "a way that is not accepted"),
    ],
)
def test_one_that_does_not(differing: dict[str, Any], why: str) -> None:
    # It is made here, not when tests are collected: it holds for a minute and a half.
    made = token(**differing)
    with pytest.raises(BadToken, match=why):
        check(made)


def test_nor_what_is_no_token() -> None:
    with pytest.raises(BadToken, match="cannot be read"):
        check("no token")


@pytest.mark.parametrize("keys", [{"keys": []}, {}, {"keys": [published(KEY, "2")]}])
def test_a_key_that_is_not_published_may_be_a_new_one(keys: Any) -> None:
    with pytest.raises(UnknownKey):
        check(token(), keys)
