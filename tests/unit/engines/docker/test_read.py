from datetime import UTC, datetime
from typing import Any

import pytest

from labyard.core.models import LabStatus, PullProgress
from labyard.engines.docker import read

LABELS = {"org.labyard.address": "10.177.0.2:8888"}


def inspect(status: str, **state: Any) -> dict[str, Any]:
    return {
        "Id": "abc",
        "Name": "/t-ann",
        "Config": {"Image": "i", "Labels": LABELS},
        "State": {
            "Status": status,
            "ExitCode": 0,
            "StartedAt": "2026-11-21T04:28:59.700509627Z",
            **state,
        },
        "NetworkSettings": {"Networks": {"t-net-ann": {}}},
    }


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("created", LabStatus.CREATED),
        ("initialized", LabStatus.CREATED),
        ("running", LabStatus.RUNNING),
        ("paused", LabStatus.RUNNING),
        ("restarting", LabStatus.RUNNING),
        ("exited", LabStatus.STOPPED),
        ("dead", LabStatus.STOPPED),
        ("removing", LabStatus.STOPPED),
        ("unheard-of", LabStatus.STOPPED),
    ],
)
def test_every_state_of_an_engine_is_one_of_ours(status: str, expected: LabStatus) -> None:
    lab = read.inspected(inspect(status))
    assert lab.status is expected
    assert lab.leaving is (status in ("dead", "removing"))


def test_a_running_lab_has_an_address_and_a_start_time() -> None:
    lab = read.inspected(inspect("running"))
    assert (lab.name, lab.host, lab.port, lab.exit_code) == ("t-ann", "10.177.0.2", 8888, None)
    assert lab.started_at == datetime(2026, 11, 21, 4, 28, 59, 700509, tzinfo=UTC)


def test_a_stopped_lab_has_an_exit_code_and_no_address() -> None:
    at = "2026-11-21T05:00:00.5Z"
    lab = read.inspected(inspect("exited", ExitCode=137, FinishedAt=at))
    assert (lab.host, lab.port, lab.exit_code) == (None, None, 137)
    assert lab.ended_at == datetime(2026, 11, 21, 5, 0, 0, 500000, tzinfo=UTC)


def test_a_lab_that_never_ran_has_no_start_time() -> None:
    assert read.inspected(inspect("created", StartedAt="0001-01-01T00:00:00Z")).started_at is None


def test_a_row_of_a_list_tells_the_exit_code_in_words() -> None:
    row = {
        "Id": "abc",
        "Names": ["/t-ann"],
        "Image": "i",
        "Labels": LABELS,
        "State": "exited",
        "Status": "Exited (143) 2 seconds ago",
    }
    assert read.listed(row).exit_code == 143
    assert read.listed({**row, "State": "running", "Status": "Up"}).host == "10.177.0.2"
    assert read.listed({**row, "Labels": None}).labels == {}


def test_progress_is_the_sum_over_layers_and_never_loses_one() -> None:
    layers = read.Layers()
    lines = [
        {"status": "Pulling from a/b", "id": "latest"},
        {"status": "Pulling fs layer", "id": "one", "progressDetail": {}},
        {"status": "Downloading", "id": "one", "progressDetail": {"current": 10, "total": 100}},
        {"status": "Already exists", "id": "zero", "progressDetail": {}},
        {"status": "Downloading", "id": "two", "progressDetail": {"current": 5, "total": 50}},
        {"status": "Download complete", "id": "one", "progressDetail": {}},
        {"status": "Extracting", "id": "one", "progressDetail": {"current": 1, "total": 100}},
        {"status": "Pull complete", "id": "two", "progressDetail": {}},
        {"status": "Status: Downloaded newer image"},
        {"status": "Downloading", "id": "three", "progressDetail": {"current": 5}},  # no total
    ]
    told = [progress for line in lines for progress in layers.take(line)]
    assert told == [
        PullProgress(10, 100),
        PullProgress(15, 150),
        PullProgress(105, 150),
        PullProgress(150, 150),
    ]


def test_info_tells_docker_from_podman() -> None:
    docker = {
        "Version": "20.10.24",
        "ApiVersion": "1.41",
        "Components": [
            {"Name": "Engine", "Version": "20.10.24"},
            {"Name": "runc", "Version": "1.1.5"},
        ],
    }
    info = read.info(docker, {"CgroupVersion": "1", "Driver": "overlay2"})
    assert (info.kind, info.version, info.cgroup) == ("docker", "20.10.24", "v1")
    assert not read.is_podman(docker)
    assert info.details["runtime"] == "1.1.5"
    podman = {
        "Version": "4.3.1",
        "ApiVersion": "1.41",
        "Components": [
            {"Name": "Podman Engine", "Version": "4.3.1"},
            {"Name": "OCI Runtime (runc)", "Version": "runc version 1.1.5\ncommit: x"},
        ],
    }
    info = read.info(podman, {"CgroupVersion": "v2"})
    assert (info.kind, info.cgroup) == ("podman", "v2")
    assert read.is_podman(podman)
    assert info.details["runtime"] == "runc version 1.1.5"
