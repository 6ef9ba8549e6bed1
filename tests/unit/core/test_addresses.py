"""Where a request came from."""

from __future__ import annotations

import pytest

from labyard.core.addresses import client_address


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("127.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("127.0.0.1", "6.6.6.6, 203.0.113.9", "203.0.113.9"),  # the client wrote the first one
        ("127.0.0.1", "6.6.6.6, 203.0.113.9, 127.0.0.1", "203.0.113.9"),
        ("10.177.0.5", "6.6.6.6", "10.177.0.5"),  # a lab talks to the hub itself
        ("127.0.0.1", "nonsense", "127.0.0.1"),
        ("127.0.0.1", "203.0.113.9, <script>", "127.0.0.1"),
        ("127.0.0.1", "127.0.0.1", "127.0.0.1"),
    ],
)
def test_believes_trusted_proxies_only(peer: str, forwarded: str, address: str) -> None:
    assert client_address(peer, forwarded, ["127.0.0.1"]) == address


@pytest.mark.parametrize("trusted", ["10.0.0.5", "10.0.0.0/8", "2001:db8::/32"])
def test_a_trusted_network_is_looked_through(trusted: str) -> None:
    proxy = "2001:db8::1" if ":" in trusted else "10.0.0.5"
    believed = ["127.0.0.1", trusted]
    assert client_address("127.0.0.1", f"6.6.6.6, 203.0.113.9, {proxy}", believed) == "203.0.113.9"
    assert client_address("127.0.0.1", "203.0.113.9, 11.0.0.5", believed) == "11.0.0.5"
