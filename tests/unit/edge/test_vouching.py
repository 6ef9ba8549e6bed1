"""What the hub believes of whom."""

from __future__ import annotations

import pytest
from tornado.httputil import HTTPHeaders

from labyard.edge.vouching import Vouching

SECRET = "5ec2e7" * 10
LAB, EDGE = "10.177.0.2", "127.0.0.1"
OURS = Vouching(secret=SECRET, proxies=("10.0.0.0/24",), identity=("x-sso-name",))

FORGED = {
    "X-Forwarded-For": "6.6.6.6",
    "X_Forwarded_For": "6.6.6.6",
    "Forwarded": "for=6.6.6.6",
    "X-Real-Ip": "6.6.6.6",
    "X-Forwarded-Proto": "https",
    "X-Scheme": "https",
    "X-SSO-Name": "admin",
    "X_SSO_NAME": "admin",
    "Remote-User": "admin",
}
OTHERS = {"Host": "hub", "Cookie": "a=b", "Authorization": "token x", "X-Xsrftoken": "t"}


def sifted(vouching: Vouching, peer: str, **more: str) -> tuple[str, dict[str, str]]:
    headers = HTTPHeaders({**FORGED, **OTHERS, **{k.replace("_", "-"): v for k, v in more.items()}})
    address = vouching.sift(headers, peer)
    return address, dict(headers)


@pytest.mark.parametrize("peer", [LAB, EDGE, "::1"])
@pytest.mark.parametrize("said", [None, "", "x", SECRET[:-1], f"{SECRET},{SECRET}", "\xe9"])
def test_nobody_is_believed_who_does_not_know_the_secret(peer: str, said: str | None) -> None:
    more = {} if said is None else {"X_Labyard_Edge": said}
    assert sifted(OURS, peer, **more) == (peer, OTHERS)


def test_the_edge_is_believed_and_its_secret_goes_no_further() -> None:
    address, headers = sifted(OURS, EDGE, X_Labyard_Edge=SECRET)
    assert address == headers.pop("X-Forwarded-For") == "6.6.6.6"
    assert headers == {**OTHERS, "X-Forwarded-Proto": "https", "X-Sso-Name": "admin"}


def test_proxies_before_the_edge_are_looked_through() -> None:
    headers = HTTPHeaders({"X-Labyard-Edge": SECRET})
    for address in ("6.6.6.6", "203.0.113.9", "10.0.0.7"):
        headers.add("X-Forwarded-For", address)
    assert OURS.sift(headers, EDGE) == "203.0.113.9"
    assert headers.get_list("X-Forwarded-For") == ["203.0.113.9"]


def test_without_a_secret_the_edges_address_is_believed_but_not_who_somebody_is() -> None:
    vouching = Vouching(identity=("x-sso-name",))
    address, headers = sifted(vouching, EDGE, X_Labyard_Edge="")
    assert address == headers.pop("X-Forwarded-For") == "6.6.6.6"
    assert headers == {**OTHERS, "X-Forwarded-Proto": "https"}
    assert sifted(vouching, LAB) == (LAB, OTHERS)


def test_the_secret_is_not_shown() -> None:
    assert SECRET not in repr(OURS)
