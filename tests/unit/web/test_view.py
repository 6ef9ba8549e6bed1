"""What the home page shows."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType

import pytest

from labyard.core.errors import EngineUnreachable
from labyard.core.models import EngineInfo, Lab, LabStatus, Size, Usage
from labyard.core.names import CPU, MEMORY
from labyard.options.offer import usual_offer
from labyard.settings.schema import Settings
from labyard.volumes.sizes import Measured
from labyard.web.sampler import Snapshot
from labyard.web.servers import Person, Server
from labyard.web.view.home import Home, home
from labyard.web.view.server import made_of
from tests.unit.web.conftest import ANNA, NAMES, NOW, person, running, share


def draw(
    who: Person,
    snapshot: Snapshot,
    settings: Settings,
    sizes: Mapping[str, Measured] = MappingProxyType({}),
) -> Home:
    return home(
        who,
        ANNA,
        snapshot,
        sizes,
        allowed=share(settings),
        settings=settings,
        names=NAMES,
        now=NOW,
    )


@pytest.mark.parametrize(
    ("server", "state", "word"),
    [
        (Server(""), "stopped", "Stopped"),
        (running(), "running", "Running"),
        (Server("", pending="spawn"), "starting", "Starting"),
        (Server("", ready=True, pending="stop"), "stopping", "Stopping"),
    ],
)
def test_the_state_is_the_hubs(
    server: Server, state: str, word: str, snapshot: Snapshot, settings: Settings
) -> None:
    drawn = draw(person(server), snapshot, settings).server
    assert (drawn.state, drawn.word) == (state, word)


def test_somebody_who_never_started_a_server_sees_a_stopped_one(
    snapshot: Snapshot, settings: Settings
) -> None:
    assert draw(person(), snapshot, settings).server.state == "stopped"


def test_a_running_server_tells_its_image_size_and_times(
    snapshot: Snapshot, settings: Settings
) -> None:
    server = running(
        started=NOW - timedelta(hours=2, minutes=5), last_activity=NOW - timedelta(minutes=12)
    )
    drawn = draw(person(server), snapshot, settings).server
    assert drawn.made_of == "datascience:1 · 2 cores · 4 GB"
    assert drawn.times == "started 2 h 5 min ago · idle 12 min"


def test_recent_activity_is_use_because_labs_report_every_five_minutes(
    snapshot: Snapshot, settings: Settings
) -> None:
    server = running(started=NOW, last_activity=NOW - timedelta(minutes=5))
    drawn = draw(person(server), snapshot, settings).server
    assert drawn.times == "started just now · in use"


def test_meters_tell_the_last_sample_of_the_limit(snapshot: Snapshot, settings: Settings) -> None:
    cpu, memory = draw(person(running()), snapshot, settings).server.meters.each
    assert (cpu.value, cpu.of, cpu.percent, cpu.high) == ("1.0", "of 2 cores", 50, False)
    assert (memory.value, memory.of, memory.percent) == ("2 GB", "of 4 GB", 50)
    assert cpu.spark == "50.0,20.5 100.0,14.0"


@pytest.mark.parametrize(
    ("cpu", "words"),
    [(0.0, "0.00"), (0.004, "0.00"), (0.42, "0.42"), (1.26, "1.3"), (12.0, "12.0")],
)
def test_a_small_number_of_cores_has_two_decimals(
    cpu: float, words: str, snapshot: Snapshot, settings: Settings
) -> None:
    busy = replace(snapshot, history={"id-": [Usage(cpu, 2**30, NOW)]})
    assert draw(person(running()), busy, settings).server.meters.each[0].value == words


@pytest.mark.parametrize(("seconds", "old"), [(0, False), (4, False), (6, True), (60, True)])
def test_a_figure_knows_its_age(
    seconds: int, old: bool, snapshot: Snapshot, settings: Settings
) -> None:
    taken = NOW - timedelta(seconds=seconds)
    then = replace(snapshot, history={"id-": [Usage(1.0, 2**30, taken)]})
    meters = draw(person(running()), then, settings).server.meters
    assert (meters.age, meters.old) == (seconds, old)


def test_a_line_shows_no_more_than_ten_minutes(snapshot: Snapshot, settings: Settings) -> None:
    taken = [NOW - timedelta(minutes=minutes) for minutes in (11, 10, 5, 0)]
    long = replace(snapshot, history={"id-": [Usage(1.0, 2**30, at) for at in taken]})
    spark = draw(person(running()), long, settings).server.meters.each[0].spark
    assert [point.split(",")[0] for point in spark.split()] == ["0.0", "50.0", "100.0"]


def test_figures_of_another_lab_of_the_same_server_are_not_shown(
    snapshot: Snapshot, settings: Settings
) -> None:
    before = replace(snapshot, history={"id-before": snapshot.history["id-"]})
    assert draw(person(running()), before, settings).server.meters.each == ()


def test_a_meter_warns_when_little_is_left(snapshot: Snapshot, settings: Settings) -> None:
    full = replace(snapshot, history={"id-": [Usage(0.1, int(3.6 * 2**30), NOW)]})
    cpu, memory = draw(person(running()), full, settings).server.meters.each
    assert memory.high
    assert not cpu.high


def test_a_stopped_server_has_no_meters(snapshot: Snapshot, settings: Settings) -> None:
    drawn = draw(person(Server("")), snapshot, settings).server
    assert drawn.meters.each == ()


def test_an_engine_that_is_away_is_told_and_its_old_figures_are_not(
    snapshot: Snapshot, settings: Settings
) -> None:
    away = replace(snapshot, error=EngineUnreachable("Docker does not answer."))
    drawn = draw(person(running()), away, settings)
    assert drawn.error is away.error
    assert drawn.server.state == "running"
    assert drawn.server.meters.each == ()


def test_an_engine_without_isolation_claims_no_limits(
    snapshot: Snapshot, settings: Settings
) -> None:
    local = replace(snapshot, info=EngineInfo("local", "3.11", isolated=False))
    drawn = draw(person(running()), local, settings)
    assert not drawn.isolated
    assert drawn.server.made_of == "a process of this machine, without limits"
    assert drawn.server.meters.each[0].percent is None


def test_named_servers_come_in_order_beside_the_default_one(
    snapshot: Snapshot, settings: Settings
) -> None:
    drawn = draw(person(Server("b"), Server("a"), running()), snapshot, settings)
    assert [server.name for server in drawn.others] == ["a", "b"]


def test_it_looks_again_sooner_while_something_moves(
    snapshot: Snapshot, settings: Settings
) -> None:
    idle = draw(person(), snapshot, settings)
    still = draw(person(running()), snapshot, settings)
    moving = draw(person(running(), Server("a", pending="spawn")), snapshot, settings)
    assert moving.refresh < still.refresh < idle.refresh


def test_own_volumes_that_exist_can_be_reset(snapshot: Snapshot, settings: Settings) -> None:
    volumes = {v.key: v for v in draw(person(), snapshot, settings).volumes}
    resettable = [key for key, volume in volumes.items() if volume.resettable]
    assert resettable == ["home", "cache"]
    assert volumes["cache"].description == "downloads, can be rebuilt"


def test_a_size_is_shown_once_it_is_known(snapshot: Snapshot, settings: Settings) -> None:
    known = {
        NAMES.volume("anna", "cache"): Measured(Size(3 * 2**20, 7, whole=True), NOW),
        NAMES.volume("anna", "home"): Measured(Size(2**30, 7, whole=False), NOW),
    }
    volumes = {v.key: v for v in draw(person(), snapshot, settings, known).volumes}
    assert volumes["cache"].size == "3 MB"
    assert volumes["home"].size == "at least 1 GB"
    assert volumes["workspace"].size == ""


@pytest.mark.parametrize(
    ("servers", "who"),
    [
        ([], ""),
        ([running()], "your server"),
        ([Server(""), Server("train", pending="spawn")], "train"),
    ],
)
def test_it_names_the_server_that_keeps_volumes_in_use(
    servers: list[Server], who: str, snapshot: Snapshot, settings: Settings
) -> None:
    assert draw(person(*servers), snapshot, settings).volumes_in_use == who


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, (2.0, 4 * 2**30)),
        ({"cpu": 0.5, "memory": "512M"}, (0.5, 2**29)),
        ({"cpu": "many", "memory": []}, (2.0, 4 * 2**30)),
    ],
)
def test_limits_are_the_chosen_ones_if_they_make_sense(
    options: dict[str, object], expected: tuple[float, int], settings: Settings
) -> None:
    made = made_of(Server("", options=options), None, usual_offer(settings))
    assert (made.cpu, made.memory) == expected


def test_a_running_lab_tells_its_own_limits_whatever_the_settings_say(settings: Settings) -> None:
    lab = Lab("id", "lab", LabStatus.RUNNING, "other:1", {CPU: "0.25", MEMORY: str(2**30)})
    made = made_of(Server("", ready=True, options={"cpu": 1}), lab, usual_offer(settings))
    assert (made.image, made.cpu, made.memory) == ("other:1", 0.25, 2**30)
    unlimited = Lab("id", "lab", LabStatus.RUNNING, "other:1", {CPU: "0.25"})
    assert made_of(Server(""), unlimited, usual_offer(settings)).memory is None
