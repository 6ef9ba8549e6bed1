"""Shared by the unit tests of the pages."""

from datetime import UTC, datetime, timedelta

import pytest

from labyard.core.models import EngineInfo, Lab, LabStatus, Owner, Usage, Volume
from labyard.core.names import Names
from labyard.options.offer import usual_offer
from labyard.policies.allowed import Allowed, everybody
from labyard.settings.schema import Settings
from labyard.web.sampler import Snapshot
from labyard.web.servers import Person, Server

NAMES = Names("yard")
ANNA = Owner(7, "anna")
NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


def lab(server: str = "", status: LabStatus = LabStatus.RUNNING) -> Lab:
    name = NAMES.lab("anna", server)
    return Lab("id-" + server, name, status, "datascience:1", NAMES.lab_labels(7, "anna", server))


def volume(key: str) -> Volume:
    return Volume(NAMES.volume("anna", key), NAMES.volume_labels(7, "anna", key))


def running(name: str = "", **more: object) -> Server:
    url = f"/user/anna/{name + '/' if name else ''}"
    return Server(name, ready=True, url=url, **more)  # type: ignore[arg-type]


def person(*servers: Server) -> Person:
    return Person("anna", False, {server.name: server for server in servers})


def share(settings: Settings) -> Allowed:
    """Return what somebody in no group may have."""
    return everybody(usual_offer(settings), settings)


@pytest.fixture
def settings() -> Settings:
    return Settings()


@pytest.fixture
def snapshot() -> Snapshot:
    """A Docker engine on which anna's default lab runs and has been looked at twice."""
    return Snapshot(
        info=EngineInfo("docker", "20.10", isolated=True),
        labs={("7", ""): lab()},
        history={
            "id-": [
                Usage(0.5, 2**30, NOW - timedelta(minutes=5)),
                Usage(1.0, 2 * 2**30, NOW),
            ]
        },
        volumes=[volume("home"), volume("cache")],
    )
