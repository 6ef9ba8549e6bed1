"""What every request must pass."""

import pytest

from labyard.core.errors import Refused
from labyard.web.security import headers, parse_json, policy


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
