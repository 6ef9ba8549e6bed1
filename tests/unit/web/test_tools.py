"""What a lab says of its tools is believed to be names and titles, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from labyard.core.errors import Refused
from labyard.settings.schema import Settings
from labyard.web.announced import Announced, address, parse
from labyard.web.servers import Server
from labyard.web.view.tools import port_address, view_tools
from tests.unit.web.conftest import running

GLANCES = {"name": "glances", "launcher_entry": {"title": "Glances", "path_info": "glances/"}}


def said(*entries: Any) -> tuple[Announced, ...]:
    return parse({"server_processes": list(entries)})


def test_a_tool_has_a_name_a_title_and_a_place_below_its_server() -> None:
    (tool,) = said(GLANCES)
    assert tool == Announced("glances", "Glances", "glances/")
    assert address(running(), tool) == "/user/anna/glances/"


@pytest.mark.parametrize(
    "answer",
    [None, [], "x", 7, {}, {"server_processes": None}, {"server_processes": {"name": "x"}}],
)
def test_an_answer_of_another_kind_is_no_tools(answer: object) -> None:
    assert parse(answer) == ()


@pytest.mark.parametrize(
    "entry",
    [
        None,
        [],
        {},
        {"name": 7},
        {"name": ""},
        {"name": "../hub"},
        {"name": "a/b"},
        {"name": "x" * 65},
        {"name": "https://elsewhere"},
        {"name": "hidden", "launcher_entry": {"enabled": False}},
    ],
)
def test_an_entry_that_is_not_as_it_should_be_hides_no_other(entry: object) -> None:
    assert [tool.name for tool in said(entry, GLANCES)] == ["glances"]


@pytest.mark.parametrize(
    "path",
    [
        *("//elsewhere", "/hub/logout", "../../hub/logout", "a/../../x", "https://elsewhere"),
        *("javascript:alert(1)", "a?b", "a#b", "a\\b", "a b", "%2e%2e/x", "", 7, None, "a" * 999),
    ],
)
def test_a_path_that_may_lead_elsewhere_is_not_taken(path: object) -> None:
    (tool,) = said({"name": "x", "launcher_entry": {"path_info": path}})
    assert tool.path == "x/"


def test_a_title_is_one_short_line() -> None:
    (tool,) = said({"name": "x", "launcher_entry": {"title": "  A\nB\x00\u202e " + "c" * 99}})
    assert tool.title == "A B " + "c" * 56


def test_there_are_only_so_many() -> None:
    assert len(said(*[{"name": f"t{n}"} for n in range(500)])) == 30


def test_before_a_lab_was_asked_its_tools_are_those_that_the_settings_switch_on() -> None:
    settings = Settings.model_validate({"labs": {"services": {"mlflow": True}}})
    assert [(t.title, t.url) for t in view_tools(running(), settings)] == [
        ("MLflow", "/user/anna/mlflow/")
    ]
    assert view_tools(running(), settings, ()) == ()


@pytest.mark.parametrize("port", ["1", "8050", "65535", "08050"])
def test_a_port_is_found_below_its_server(port: str) -> None:
    assert port_address(Server("", url="/u/"), port) == f"/u/proxy/{int(port)}/"


@pytest.mark.parametrize(
    "port", ["", "0", "65536", "-1", "80/..", "８０", "1e3", "abc", "99999999"]
)
def test_what_is_no_port_is_refused(port: str) -> None:
    with pytest.raises(Refused, match="not a port"):
        port_address(Server("", url="/u/"), port)
