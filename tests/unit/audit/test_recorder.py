"""Recording beside the event loop: order is kept, nobody waits, nothing is lost on a clean end."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence

import pytest

from labyard.audit import actions
from labyard.audit.entry import NOBODY, Entry, Outcome, user
from labyard.audit.recorder import Recorder


class Table:
    """What a recorder writes to; while it is ``away`` it takes nothing."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.away = threading.Event()
        self.tried = threading.Event()

    def write(self, entries: Sequence[Entry]) -> None:
        self.tried.set()
        if self.away.is_set():
            raise OSError("away")
        self.entries += entries

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
    assert recorder.settle(60)
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
