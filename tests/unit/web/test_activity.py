"""Who uses how much: what the sampler saw, added up by person."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from labyard.core.models import EngineInfo, LabStatus, Owner, Usage
from labyard.web.sampler import Snapshot
from labyard.web.view.activity import totals, view_activity
from tests.unit.web.conftest import NOW, lab


def test_labs_of_one_person_are_added_up(snapshot: Snapshot) -> None:
    both = replace(
        snapshot,
        labs={**snapshot.labs, ("7", "train"): lab("train")},
        history={**snapshot.history, "id-train": [Usage(0.25, 2**20, NOW)]},
        info=EngineInfo("docker", "20.10", isolated=True, cores=4, memory=8 * 2**30),
    )
    told = view_activity(both, {})
    (share,) = told.shares
    assert (share.user_id, share.labs, share.cpu, share.lately) == (7, 2, 1.25, 1.0)
    assert (told.running, told.known, told.memory) == (2, 2, 2 * 2**30 + 2**20)
    assert [of for _, _, of, _ in totals(told)][1:3] == ["of 4 cores", "of 8 GB"]
    assert [percent for *_, percent in totals(told)] == [None, 31, 25, None]
    assert told.as_json({7: Owner(7, "anna")})["users"][0]["user"] == "anna"


def test_a_lab_without_figures_is_counted_and_a_stopped_one_is_not(snapshot: Snapshot) -> None:
    labs = {("7", ""): lab(), ("8", ""): lab("other"), ("9", ""): lab("x", LabStatus.STOPPED)}
    told = view_activity(replace(snapshot, labs=labs), {})
    assert (told.running, told.known, len(told.shares)) == (2, 1, 1)


def test_before_the_first_look_there_is_nothing() -> None:
    told = view_activity(Snapshot(), {})
    assert (told.running, told.shares, told.cores) == (0, [], None)
    assert [percent for *_, percent in totals(told)] == [None] * 4


def test_whoever_computed_most_lately_comes_first(snapshot: Snapshot) -> None:
    busy = replace(lab("busy"), labels={**lab().labels, "x": "y"})
    other = replace(
        busy, labels={key: "8" if value == "7" else value for key, value in busy.labels.items()}
    )
    history = {**snapshot.history, "id-busy": [Usage(3.0, 1, NOW - timedelta(minutes=1))]}
    told = view_activity(
        replace(snapshot, labs={**snapshot.labs, ("8", ""): other}, history=history), {}
    )
    assert [share.user_id for share in told.shares] == [8, 7]
