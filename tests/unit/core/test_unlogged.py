"""What no log keeps of an address."""

from __future__ import annotations

import logging

import pytest

from labyard.core import unlogged
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


@pytest.fixture
def log() -> logging.Logger:
    made = logging.getLogger("test.unlogged")
    made.filters = [Unlogged()]
    return made


def test_a_record_is_told_without_them(
    log: logging.Logger, caplog: pytest.LogCaptureFixture
) -> None:
    log.warning("%d %s (%s): %s", 403, "GET /x?token=a1b2", "::1", "No.")
    log.warning("%d is as it was", 7)
    assert caplog.messages == ["403 GET /x?token=[secret] (::1): No.", "7 is as it was"]


def test_the_traceback_below_it_is_told_without_them_too(
    log: logging.Logger, caplog: pytest.LogCaptureFixture
) -> None:
    try:
        raise ValueError("GET /x?token=a1b2 came to nothing")
    except ValueError:
        log.exception("It failed")
    assert "GET /x?token=[secret] came to nothing" in caplog.text
    assert "a1b2" not in caplog.text


def test_words_that_do_not_fit_do_no_harm_to_whoever_logs(
    log: logging.Logger, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(logging, "raiseExceptions", True)
    monkeypatch.setattr(log, "propagate", False)
    monkeypatch.setattr(log, "handlers", [logging.StreamHandler()])
    log.warning("%d of them", "x")
    assert "Logging error" in capsys.readouterr().err


def test_tornados_logs_keep_none_once_installed(caplog: pytest.LogCaptureFixture) -> None:
    logs = [logging.getLogger(name) for name in ("tornado.general", "tornado.application")]
    before = [list(log.filters) for log in logs]
    unlogged.install()
    try:
        for log in logs:
            log.warning("GET /x?token=a1b2")
    finally:
        for log, filters in zip(logs, before, strict=True):
            log.filters = filters
    assert caplog.messages == ["GET /x?token=[secret]"] * 2
