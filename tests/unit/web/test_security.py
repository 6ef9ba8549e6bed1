"""What every request must pass."""

import pytest

from labyard.core.errors import Forbidden, Refused
from labyard.web.security import headers, parse_json, policy, refuse_foreign

HOST = "hub.example.org"


@pytest.mark.parametrize(
    "request_headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example.org"},
        {"Origin": "null"},
        {"Origin": f"https://{HOST}.evil.example.org"},
    ],
)
@pytest.mark.parametrize("method", ["POST", "DELETE", "PUT", "PATCH"])
def test_another_sites_page_changes_nothing(method: str, request_headers: dict[str, str]) -> None:
    with pytest.raises(Forbidden):
        refuse_foreign(method, HOST, request_headers)


@pytest.mark.parametrize(
    "request_headers",
    [
        {},
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": f"https://{HOST}"},
    ],
)
def test_our_own_pages_and_scripts_may(request_headers: dict[str, str]) -> None:
    refuse_foreign("POST", HOST, request_headers)


def test_a_link_from_elsewhere_may_be_followed() -> None:
    refuse_foreign("GET", HOST, {"Sec-Fetch-Site": "cross-site"})


@pytest.mark.parametrize(
    "body",
    [b"{", b"[1]", b'"a"', b"1", b"null", b"\xff\xfe", b"[" * 200_000, b'{"a":' * 200_000],
    ids=["broken", "list", "text", "number", "null", "not utf-8", "deep list", "deep object"],
)
def test_a_body_that_is_no_json_object_is_refused(body: bytes) -> None:
    with pytest.raises(Refused):
        parse_json(body)


def test_a_body_is_an_object_or_nothing() -> None:
    assert parse_json(b' {"volumes": ["cache"]} ') == {"volumes": ["cache"]}
    assert parse_json(b"") == parse_json(b" \n") == {}


def test_only_scripts_with_the_pages_nonce_run_and_nobody_frames_it() -> None:
    assert "script-src 'nonce-abc' 'self'" in policy("abc")
    assert "unsafe" not in policy("abc")
    assert "frame-ancestors 'none'" in policy()
    assert "script-src 'none'" in headers()["Content-Security-Policy"]
    assert not [name for name in headers() if name.startswith("Access-Control")]
