"""How the hub's answers are read."""

import pytest

from labyard.core.errors import Busy, LabyardError, NotFound, Refused
from labyard.web.hub import ActionFailed, Forbidden, HubUnreachable, explain
from labyard.web.servers import parse_person

MODEL = {
    "name": "anna",
    "admin": False,
    "servers": {
        "": {
            "name": "",
            "ready": False,
            "pending": "spawn",
            "started": "2026-03-04T10:00:00.000000Z",
            "last_activity": None,
            "url": "/user/anna/",
            "user_options": None,
        }
    },
}


def test_a_users_model_becomes_a_person() -> None:
    server = parse_person(MODEL).server("")
    assert server.pending == "spawn"
    assert not server.stopped
    assert server.started is not None
    assert server.started.tzinfo is not None
    assert server.options == {}


def test_the_default_server_is_there_before_its_first_start_and_a_named_one_is_not() -> None:
    person = parse_person({"name": "anna", "servers": {}})
    assert person.server("").stopped
    with pytest.raises(NotFound):
        person.server("train")


@pytest.mark.parametrize(
    ("status", "message", "expected"),
    [
        (400, "anna is already running", Busy),
        (400, "anna is pending stop", Busy),
        (400, "Invalid server_name: 'X'", Refused),
        (401, "", Forbidden),
        (403, "", Forbidden),
        (404, "", NotFound),
        (409, "Another action is under way.", Busy),
        (429, "Too many", Refused),
        (500, "The image is gone.", ActionFailed),
        (502, "", ActionFailed),
        (503, "", HubUnreachable),
    ],
)
def test_an_error_of_the_hubs_becomes_one_for_people(
    status: int, message: str, expected: type[LabyardError]
) -> None:
    error = explain(status, {"status": status, "message": message})
    assert type(error) is expected
    assert error.message


def test_an_error_that_is_no_json_is_read_too() -> None:
    assert isinstance(explain(502, "<html>Bad gateway"), ActionFailed)
