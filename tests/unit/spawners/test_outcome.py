"""How a failed start is told."""

from __future__ import annotations

from tornado.web import HTTPError

from labyard.core import causes
from labyard.core.errors import EngineError, Refused
from labyard.options.refused import OptionsRefused
from labyard.spawners.outcome import Cancelled, NotAllowed, explained, of_exception, told


def test_a_cause_gives_headline_remedy_and_the_field_that_mends_it() -> None:
    outcome = told(EngineError("It has none.", cause=causes.NO_IMAGE, said="<i>"))
    assert outcome.title == "There is no such image"
    assert (outcome.why, outcome.said) == ("It has none.", "<i>")
    assert (outcome.mends, outcome.again, outcome.quiet) == ("image", False, False)


def test_an_error_without_a_cause_is_told_too() -> None:
    outcome = told(Refused("No.", remedy="Do that."))
    assert (outcome.code, outcome.status) == ("refused", 400)
    assert (outcome.title, outcome.why, outcome.remedy) == (
        "The server did not start",
        "No.",
        "Do that.",
    )


def test_a_cancelled_start_is_nothing_broken() -> None:
    assert told(Cancelled()).quiet
    assert told(Cancelled()).status == 409


def test_refused_options_lead_to_the_form_with_them() -> None:
    error = NotAllowed(OptionsRefused({"memory": "too much"}), {"memory": 2**40, "cpu": 1.0})
    outcome = told(error)
    assert (outcome.mends, outcome.fields) == ("memory", {"memory": "too much"})
    assert outcome.query == "opt-cpu=1&opt-memory=1T"


def test_what_jupyterhub_raises_is_told_by_what_it_may_say() -> None:
    assert of_exception(explained(Cancelled())).code == "cancelled"
    assert of_exception(HTTPError(403, "The account is not approved.")).why == (
        "The account is not approved."
    )
    for bug in (ValueError("secret"), HTTPError(500, "secret"), TimeoutError("secret")):
        assert "secret" not in str(of_exception(bug))


def test_an_exception_of_ours_is_escaped_where_it_is_html() -> None:
    spawn = explained(EngineError("<script>x</script>"))
    assert "<script>" not in spawn.jupyterhub_html_message
