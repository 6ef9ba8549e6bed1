"""Recording beside the event loop: order is kept, nobody waits, nothing is lost on a clean end."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from labyard.audit import actions
from labyard.audit.entry import NOBODY, Entry, Outcome, user
from labyard.audit.recorder import Recorder
from labyard.audit.requests import MOST, Requests, each, sent


class Table:
    """What a recorder writes to; while it is ``away`` it takes nothing."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.away = threading.Event()
        self.tried = threading.Event()
        self.full = threading.Event()  # three entries are there

    def write(self, entries: Sequence[Entry]) -> None:
        self.tried.set()
        if self.away.is_set():
            raise OSError("away")
        self.entries += entries
        if len(self.entries) >= 3:
            self.full.set()

    @property
    def names(self) -> list[str]:
        return [entry.target.name for entry in self.entries]


def record(recorder: Recorder, *names: str) -> None:
    for name in names:
        recorder.record(actions.SIGN_IN, NOBODY, user(name), outcome=Outcome.REFUSED)


def test_what_is_recorded_is_in_the_table_in_its_order_once_the_process_has_ended() -> None:
    table = Table()
    recorder = Recorder(table.write)
    names = [f"user{n:04}" for n in range(1200)]
    record(recorder, *names)
    recorder.close()
    assert table.names == names


def test_entries_wait_for_a_table_that_is_away(caplog: pytest.LogCaptureFixture) -> None:
    table = Table()
    table.away.set()
    recorder = Recorder(table.write, again=0.01)
    record(recorder, "first", "second")
    assert table.tried.wait(60)
    table.away.clear()
    record(recorder, "third")
    assert table.full.wait(60)
    assert table.names == ["first", "second", "third"]
    assert "its entries wait" in caplog.text
    recorder.close()


def test_what_finds_no_place_or_is_left_goes_to_the_log_in_one_line(
    caplog: pytest.LogCaptureFixture,
) -> None:
    table = Table()
    table.away.set()
    recorder = Recorder(table.write, most=2, again=0.01)
    record(recorder, "one\nline", "second", "third")
    assert table.tried.wait(60)
    recorder.close()
    told = [r.getMessage() for r in caplog.records if "Not in the audit's table" in r.getMessage()]
    assert [name in line for name, line in zip(["one", "second", "third"], told, strict=True)] == [
        True
    ] * 3
    assert not any("\n" in line for line in told)


def test_a_detail_that_nobody_declared_is_left_out_and_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    table = Table()
    recorder = Recorder(table.write)
    with caplog.at_level(logging.ERROR):
        recorder.record(actions.PASSWORD_SET, NOBODY, user("anna"), {"password": "hunter2"})
    recorder.close()
    assert table.entries == []
    assert "password.set has no details called ['password']" in caplog.text
    assert "hunter2" not in caplog.text


class Request:
    """A request that was answered with ``status``, by nobody who is signed in."""

    def __init__(self, status: int, address: str = "203.0.113.7", body: bytes = b"") -> None:
        self._status = status
        context = SimpleNamespace(address=(address, 1))
        connection = SimpleNamespace(context=context)
        self.request = SimpleNamespace(
            method="POST", connection=connection, headers={}, body=body, path="/"
        )

    def get_status(self) -> int:
        return self._status


def _signing_up(handler: Any) -> Any:
    yield actions.SIGN_UP, user("\0"), {}


def test_strangers_who_are_refused_in_a_loop_are_told_once_a_minute() -> None:
    table = Table()
    recorder = Recorder(table.write)
    audit = Requests(recorder, {(Request, "POST"): _signing_up}, lambda _: None, ())
    for address in ("203.0.113.7", "203.0.113.8", "2001:db8::1", "2001:db8::2"):
        for status in (400, 400, 403, 400, 200, 200):
            audit.answered(Request(status, address))
    for name in ("anna", "ben"):
        told = {"way": "password", "reason": "credentials"}
        refused = {"actor": NOBODY, "outcome": Outcome.REFUSED}
        audit.by(Request(403), actions.SIGN_IN, user(name), told, **refused)
    recorder.close()
    told = [(e.address, e.details["reason"]) for e in table.entries if e.outcome != Outcome.DONE]
    hosts = ("203.0.113.7", "203.0.113.8", "2001:db8::1")
    assert told[:-2] == [(host, reason) for host in hosts for reason in ("400", "403")]
    assert [entry.target.name for entry in table.entries[-2:]] == ["anna", "ben"]
    assert sum(entry.outcome is Outcome.DONE for entry in table.entries) == 8


@pytest.mark.parametrize(("status", "told"), [(403, 1), (201, MOST)])
def test_a_request_about_many_is_told_in_few_entries(status: int, told: int) -> None:
    names = [f"user{n}" for n in range(40_000)]
    found = list(each(Request(status), actions.ACCOUNT_ADD, user, names, {"admin": True}))
    assert [party.name for _, party, _ in found] == names[:told]
    assert found[-1][2] == {"admin": True, "more": 40_000 - told}
    assert all(details == {"admin": True} for _, _, details in found[:-1])
    few = list(each(Request(201), actions.ACCOUNT_ADD, user, names[:3]))
    assert few == [(actions.ACCOUNT_ADD, user(name), {}) for name in names[:3]]
    assert list(each(Request(status), actions.ACCOUNT_ADD, user, [])) == []


def test_a_body_that_was_too_large_is_not_read() -> None:
    body = json.dumps({"names": ["anna"]}).encode()
    assert sent(Request(400, body=body)) == {"names": ["anna"]}
    assert sent(Request(413, body=body)) == {}
