"""Tables, JSON, and telling of each name."""

import io
import json
from datetime import UTC, datetime

import click
import pytest
from rich.console import Console

from labyard.cli import output
from labyard.cli.progress import Bars
from labyard.core.errors import Busy, LabyardError

ROWS = [{"name": "[bold]a", "admin": True, "n": 0}, {"name": "b", "admin": False, "n": 2}]


def test_a_table_says_what_is_there_and_takes_no_markup(capsys):
    output.show(ROWS, {"name": "NAME", "admin": "ADMIN", "n": "RUNNING"}, as_json=False, none="No.")
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines == [["NAME", "ADMIN", "RUNNING"], ["[bold]a", "yes", "0"], ["b", "-", "2"]]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("2026-03-04T11:59:30Z", "just now"),
        ("2026-03-04T11:15:00.123456Z", "44 min ago"),
        ("2026-03-04T09:55:00+00:00", "2 h 5 min ago"),
        ("2026-03-01T12:00:00", "3 days ago"),
        ("2026-03-04T12:00:20Z", "just now"),
        ("2026-03-04T17:20:00Z", "in 5 h 20 min"),
        ("2026-03-10T12:00:00+00:00", "in 6 days"),
    ],
)
def test_times_are_said_as_people_do(written: str, said: str):
    now = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
    assert output.when(written, now) == said


def test_a_column_of_times_is_read_and_json_keeps_them(capsys):
    row = {"name": "a", "started": "2026-03-04T11:59:30Z"}
    output.show([row], {"name": "NAME", "started": "STARTED"}, as_json=False, none="No.")
    assert "ago" in capsys.readouterr().out
    output.show([row], {"name": "NAME"}, as_json=True, none="No.")
    assert json.loads(capsys.readouterr().out) == [row]


def test_json_is_whole_and_empty_is_a_list(capsys):
    output.show(ROWS, {"name": "NAME"}, as_json=True, none="No.")
    assert json.loads(capsys.readouterr().out) == ROWS
    output.show([], {"name": "NAME"}, as_json=True, none="No.")
    assert json.loads(capsys.readouterr().out) == []


def test_an_error_goes_to_stderr_with_its_remedy(capsys):
    output.complain(LabyardError("It [red]broke.", remedy="Mend it."))
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines() == ["✘ It [red]broke.", "  Mend it."]


def _act(name: str) -> str:
    if name == "b":
        raise Busy("It is starting.", remedy="Wait.")
    return "stopped"


def test_one_failure_stops_nobody_else_and_is_told(capsys):
    with pytest.raises(click.exceptions.Exit) as caught:
        output.each(["a", "b", "c"], _act, as_json=False)
    assert caught.value.exit_code == 1
    said = capsys.readouterr()
    assert said.out.splitlines() == ["✔ a: stopped", "✔ c: stopped"]
    assert said.err.splitlines() == ["✘ b: It is starting.", "  Wait."]


def test_the_same_in_json(capsys):
    with pytest.raises(click.exceptions.Exit):
        output.each(["a", "b"], _act, as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert [(t["name"], t["ok"], t["message"]) for t in told] == [
        ("a", True, "stopped"),
        ("b", False, "It is starting."),
    ]


def test_steps_are_lines_where_there_is_no_terminal(capsys):
    with Bars() as bars, bars.step("Lab image") as bar:
        bar("building")
        bar("building")
        bar.advance(1, 2)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "· Lab image: building"
    assert lines[1].startswith("✔ Lab image (")
    assert len(lines) == 2


def test_steps_are_bars_on_a_terminal():
    screen = io.StringIO()
    with (
        Bars(Console(file=screen, force_terminal=True, width=120)) as bars,
        bars.step("Lab image") as bar,
    ):
        bar("layer 3")
        bar.advance(1, 2)
    assert "Lab image" in screen.getvalue()
    assert "layer 3" in screen.getvalue()


def test_a_step_that_failed_gets_no_tick(capsys):
    with pytest.raises(LabyardError), Bars() as bars, bars.step("Ports"):
        raise LabyardError("taken")
    assert "✔" not in capsys.readouterr().out
