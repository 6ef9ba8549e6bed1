"""What no log keeps of an address."""

from __future__ import annotations

import logging

import pytest

from labyard.core.unlogged import Unlogged, scrubbed


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("403 GET /hub/api/users?token=a1b2 (127.0.0.1)", "users?token=[secret] (127.0.0.1)"),
        (
            "400 GET /x?a=1&code=c%3D&state=s&b=2 (::1)",
            "x?a=1&code=[secret]&state=[secret]&b=2 (::1)",
        ),
        ("uri='/x?API_Token=q', version", "uri='/x?API_Token=[secret]', version"),
        ("/hub/login?next=%2Fhub%2Fhome", "/hub/login?next=%2Fhub%2Fhome"),
        ("The token=word was not there", "The token=word was not there"),
    ],
)
def test_secrets_in_a_query_are_left_out(said: str, kept: str) -> None:
    assert scrubbed(said).endswith(kept)


def test_a_record_is_told_without_them(caplog: pytest.LogCaptureFixture) -> None:
    log = logging.getLogger("test.unlogged")
    log.addFilter(Unlogged())
    log.warning("%d %s (%s): %s", 403, "GET /x?token=a1b2", "::1", "No.")
    log.warning("%d is as it was", 7)
    assert caplog.messages == ["403 GET /x?token=[secret] (::1): No.", "7 is as it was"]
