"""From what an engine tells to what a person reads."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from labyard.core import causes
from labyard.core.models import Happening, Lab, LabEvent, LabStatus
from labyard.core.names import SERVER, USER_ID
from labyard.incidents.events import ended_by_itself, of_event

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
        ({"exit_code": 137}, causes.ENDED_BY_ITSELF, "most likely it ran out of memory"),
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
