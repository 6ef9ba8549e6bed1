"""From what an engine tells to what a person reads."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from labyard.core import causes
from labyard.core.models import Happening, Lab, LabEvent, LabStatus
from labyard.core.names import SERVER, USER_ID
from labyard.incidents.events import ended_by_itself, of_event, of_remains

AT = datetime(2026, 11, 21, 10, 42, tzinfo=UTC)
LABELS = {USER_ID: "7", SERVER: "train"}


def event(kind: Happening, **more: Any) -> LabEvent:
    return LabEvent(kind, "lab", more.pop("labels", LABELS), AT, **more)


def test_a_kernel_that_was_ended_names_what_all_may_use() -> None:
    told = of_event(event(Happening.MEMORY, memory=512 * 2**20))
    assert told is not None
    assert (told.cause, told.user_id, told.server) == (causes.KERNEL_OUT_OF_MEMORY, 7, "train")
    assert told.facts == "All of this server together may use 512 MB."
    assert told.cause.field == "memory"


@pytest.mark.parametrize(
    ("more", "cause", "facts"),
    [
        ({"exit_code": 137, "killed": True, "memory": 2**30}, causes.LAB_OUT_OF_MEMORY, "1 GB"),
        ({"exit_code": 137}, causes.ENDED_BY_ITSELF, "Something killed it."),
        ({"exit_code": 3}, causes.ENDED_BY_ITSELF, "exit code is 3"),
    ],
)
def test_an_end_says_why_as_far_as_is_known(
    more: dict[str, Any], cause: causes.Cause, facts: str
) -> None:
    told = of_event(event(Happening.ENDED, **more))
    assert told is not None
    assert told.cause is cause
    assert facts in told.facts
    assert ("memory" in told.cause.title) is bool(more.get("killed"))


@pytest.mark.parametrize(
    "quiet",
    [
        event(Happening.STARTED),
        event(Happening.ENDED, exit_code=0),
        event(Happening.MEMORY, labels={}),
        event(Happening.MEMORY, labels={USER_ID: "x"}),
    ],
)
def test_what_nobody_needs_to_know_is_not_told(quiet: LabEvent) -> None:
    assert of_event(quiet) is None


def test_an_end_that_was_asked_for_leaves_no_stopped_lab() -> None:
    lab = Lab("id", "lab", LabStatus.STOPPED, "image", {})
    assert ended_by_itself(lab)
    assert not ended_by_itself(None)
    assert not ended_by_itself(Lab("id", "lab", LabStatus.RUNNING, "image", {}))
    assert not ended_by_itself(replace(lab, leaving=True))


ENDED = Lab("id", "lab", LabStatus.STOPPED, "image", LABELS, exit_code=137, ended_at=AT)


@pytest.mark.parametrize(
    ("lab", "followed", "cause"),
    [
        (ENDED, True, causes.ENDED_BY_ITSELF),
        (ENDED, False, causes.ENDED_BY_ITSELF),
        (replace(ENDED, out_of_memory=True), True, causes.LAB_OUT_OF_MEMORY),
        (replace(ENDED, exit_code=0), True, causes.ENDED_BY_ITSELF),  # an engine that was shut down
        (replace(ENDED, exit_code=0), False, None),
        (replace(ENDED, ended_at=AT - timedelta(days=2)), False, None),
        (replace(ENDED, labels={}), True, None),
    ],
)
def test_an_end_that_nobody_told_of_is_told_later(
    lab: Lab, followed: bool, cause: causes.Cause | None
) -> None:
    told = of_remains(lab, AT, followed=followed)
    assert (told.cause if told else None) is cause
    if told:
        assert told.at == AT
        assert ("could not be reached" in told.facts) is (followed and not lab.out_of_memory)
