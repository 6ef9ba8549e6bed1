import asyncio
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import urllib.request
from contextlib import aclosing, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from labyard.core.errors import Busy, EngineError, NotFound, Refused
from labyard.core.models import Lab, LabStatus, Mount, MountKind
from labyard.core.names import USER_ID
from labyard.engines.local.engine import LocalEngine
from labyard.engines.local.process import reserve

from .conftest import NAMES, TOKEN, make_plan

ANNA = NAMES.lab("anna")
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="accounts of their own need root")


async def until(condition: Any, tries: int = 500) -> Any:
    for _ in range(tries):
        if found := condition():
            return found
        await asyncio.sleep(0.02)
    raise AssertionError("it never came true")


async def ended(engine: LocalEngine) -> Lab:
    """Anna's lab once it has ended by itself."""
    for _ in range(500):
        lab = await engine.lab(ANNA)
        if lab is not None and lab.status is LabStatus.STOPPED:
            return lab
        await asyncio.sleep(0.02)
    raise AssertionError("it never ended")


async def ask(lab: Lab) -> dict[str, Any]:
    def once() -> dict[str, Any] | None:
        try:
            with urllib.request.urlopen(f"http://{lab.host}:{lab.port}/", timeout=5) as answer:
                return json.load(answer)  # type: ignore[no-any-return]
        except OSError:
            return None

    said = await until(once)
    assert isinstance(said, dict)
    return said


def marked(mark: str) -> list[int]:
    """Processes in whose environment or arguments ``mark`` can be read."""
    found = set()
    for entry in Path("/proc").glob("[0-9]*"):
        for what in ("environ", "cmdline"):
            with suppress(OSError):
                if mark.encode() in (entry / what).read_bytes():
                    found.add(int(entry.name))
    return sorted(found)


async def test_a_lab_runs_in_directories_of_its_own_on_loopback(
    engine: LocalEngine, root: Path
) -> None:
    created = await engine.create(make_plan())
    assert created.status is LabStatus.CREATED
    lab = await engine.start(ANNA)
    assert (lab.id, lab.status, lab.host) == (created.id, LabStatus.RUNNING, "127.0.0.1")
    said = await ask(lab)
    home = root / "volumes" / NAMES.volume("anna", "home") / "lab"
    workspace = root / "volumes" / NAMES.volume("anna", "workspace")
    assert said["environ"]["HOME"] == said["cwd"] == str(home)
    assert said["environ"]["JUPYTERHUB_ROOT_DIR"] == str(workspace)
    assert said["environ"]["JUPYTERHUB_SERVICE_URL"] == f"http://127.0.0.1:{lab.port}/user/anna/"
    assert (home / "workspace").resolve() == workspace.resolve()
    assert (home / "shared").resolve() == (root / "volumes/tlocal_shared").resolve()


async def test_secrets_reach_the_lab_by_a_file_alone(engine: LocalEngine, root: Path) -> None:
    await engine.create(make_plan())
    lab = await engine.start(ANNA)
    assert (await ask(lab))["secrets"] == {"JUPYTERHUB_API_TOKEN": TOKEN}
    file = root / "labs" / ANNA / "secrets.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o400
    assert marked("LABYARD_SECRETS=")
    assert not marked(TOKEN)
    others = [p for p in (root / "labs" / ANNA).rglob("*") if p.is_file() and p != file]
    assert others
    assert not [p for p in others if TOKEN in p.read_text()]


@as_root
async def test_each_person_has_an_account_and_what_is_shared_is_open_to_all(
    engine: LocalEngine, root: Path
) -> None:
    say = "import os; open(os.environ['HOME'] + '/shared/' + os.environ['USER'], 'w').write('x')"
    for user_id, name in ((1, "anna"), (2, "bert")):
        await engine.create(make_plan(user_id, name, command=("python3", "-c", say)))
        await engine.start(NAMES.lab(name))
        await until(lambda name=name: (root / "volumes/tlocal_shared" / name).exists())
    anna, bert = (root / "volumes" / NAMES.volume(n, "home") for n in ("anna", "bert"))
    assert anna.stat().st_uid != bert.stat().st_uid
    assert {stat.S_IMODE(p.stat().st_mode) for p in (anna, bert)} == {0o700}
    files = [root / "volumes/tlocal_shared" / n for n in ("anna", "bert")]
    assert len({f.stat().st_gid for f in files}) == 1
    assert {stat.S_IMODE(f.stat().st_mode) for f in files} == {0o660}


@as_root
async def test_a_link_put_in_the_way_does_not_lead_the_engine_elsewhere(
    engine: LocalEngine, root: Path
) -> None:
    await engine.create(make_plan(command=("true",)))
    lure = root / "volumes" / NAMES.volume("anna", "home") / "lab"
    (root / "roots").mkdir(mode=0o755)
    lure.symlink_to(root / "roots")
    await engine.start(ANNA)
    await ended(engine)
    assert not list((root / "roots").iterdir())
    assert "cannot start" in await engine.logs(ANNA)


async def test_stop_ends_every_process_the_lab_started(engine: LocalEngine, root: Path) -> None:
    await engine.create(make_plan())
    await ask(await engine.start(ANNA))
    mark = f"LABYARD_SECRETS={root}/labs/{ANNA}/"
    assert len(marked(mark)) == 2
    await engine.stop(ANNA, grace=10)
    assert marked(mark) == []
    lab = await engine.lab(ANNA)
    assert lab is not None
    assert (lab.status, lab.exit_code, lab.host) == (LabStatus.STOPPED, 143, None)
    await engine.stop(ANNA, grace=10)


async def test_a_lab_that_does_not_listen_to_reason_is_killed(
    engine: LocalEngine, root: Path
) -> None:
    deaf = (
        "import signal, time; signal.signal(15, signal.SIG_IGN);"
        "print('deaf', flush=True); time.sleep(3600)"
    )
    await engine.create(make_plan(command=("python3", "-c", deaf)))
    await engine.start(ANNA)
    await until(lambda: b"deaf" in (root / "labs" / ANNA / "log").read_bytes())
    await engine.stop(ANNA, grace=0.1)
    lab = await engine.lab(ANNA)
    assert lab is not None
    assert lab.exit_code == 137


async def test_a_lab_that_ends_leaves_its_exit_code_and_last_words(engine: LocalEngine) -> None:
    await engine.create(make_plan(command=("python3", "-c", "print('bye'); raise SystemExit(3)")))
    await engine.start(ANNA)
    assert (await ended(engine)).exit_code == 3
    assert await engine.logs(ANNA) == "bye"


async def test_a_command_that_is_not_there_says_so(engine: LocalEngine) -> None:
    await engine.create(make_plan(command=("no-such-program",)))
    await engine.start(ANNA)
    assert (await ended(engine)).exit_code == 127
    assert "The lab cannot start" in await engine.logs(ANNA)


async def test_labs_are_found_again_by_another_hub(engine: LocalEngine, root: Path) -> None:
    """The hub that started the lab is killed outright; the lab goes on and obeys the next one."""
    await engine.create(make_plan())
    code = (
        "import asyncio, os, signal, sys; from pathlib import Path;"
        "from labyard.engines.local.engine import LocalEngine;"
        "engine = LocalEngine('tlocal', Path(sys.argv[1]), Path('/usr/bin'));"
        "asyncio.run(engine.start(sys.argv[2])); os.kill(os.getpid(), signal.SIGKILL)"
    )
    hub = await asyncio.to_thread(subprocess.run, [sys.executable, "-c", code, str(root), ANNA])
    assert hub.returncode == -signal.SIGKILL
    lab = await engine.lab(ANNA)
    assert lab is not None
    assert lab.status is LabStatus.RUNNING
    await ask(lab)
    assert [one.id for one in await engine.labs()] == [lab.id]
    await engine.stop(ANNA, grace=10)
    assert marked(f"LABYARD_SECRETS={root}/labs/{ANNA}/") == []


async def test_a_recycled_process_id_is_neither_mistaken_nor_killed(
    engine: LocalEngine, root: Path
) -> None:
    await engine.create(make_plan())
    await ask(await engine.start(ANNA))
    await engine.stop(ANNA, grace=10)
    stranger = await asyncio.create_subprocess_exec("sleep", "3600")
    try:
        file = root / "labs" / ANNA / "keeper"
        file.write_text(json.dumps({**json.loads(file.read_text()), "pid": stranger.pid}))
        lab = await engine.lab(ANNA)
        assert lab is not None
        assert lab.status is LabStatus.STOPPED
        await engine.stop(ANNA, grace=1)
        await engine.remove(ANNA)
        assert stranger.returncode is None
        os.kill(stranger.pid, 0)
    finally:
        stranger.kill()
        await stranger.wait()


async def test_restart_keeps_id_and_port(engine: LocalEngine) -> None:
    await engine.create(make_plan())
    first = await engine.start(ANNA)
    await ask(first)
    second = await engine.restart(ANNA, grace=10)
    assert (second.id, second.host, second.port) == (first.id, first.host, first.port)
    assert first.started_at is not None
    assert second.started_at is not None
    assert second.started_at > first.started_at
    assert (await ask(second))["secrets"] == {"JUPYTERHUB_API_TOKEN": TOKEN}


async def test_a_port_is_kept_from_others_before_the_lab_listens(
    engine: LocalEngine, root: Path
) -> None:
    sleeping = ("python3", "-c", "import time; print('up', flush=True); time.sleep(3600)")
    await engine.create(make_plan(command=sleeping))
    lab = await engine.start(ANNA)
    await until(lambda: b"up" in (root / "labs" / ANNA / "log").read_bytes())
    with socket.socket() as stranger, pytest.raises(OSError, match="in use"):
        stranger.bind(("127.0.0.1", lab.port))
    with reserve() as another:
        assert another.getsockname()[1] != lab.port


async def test_starting_a_running_lab_changes_nothing(engine: LocalEngine) -> None:
    await engine.create(make_plan())
    first = await engine.start(ANNA)
    assert await engine.start(ANNA) == first


async def test_create_replaces_a_stopped_lab_and_refuses_a_running_one(engine: LocalEngine) -> None:
    first = await engine.create(make_plan())
    second = await engine.create(make_plan())
    assert second.id != first.id
    await engine.start(ANNA)
    with pytest.raises(EngineError, match="is running"):
        await engine.create(make_plan())


async def test_a_failed_create_leaves_nothing_behind(engine: LocalEngine) -> None:
    plan = make_plan()
    bad = Mount("bad", "/no/such/directory", "/mnt/bad", MountKind.BIND)
    with pytest.raises(EngineError, match="/no/such/directory"):
        await engine.create(replace(plan, mounts=(*plan.mounts, bad)))
    assert await engine.labs() == []
    assert await engine.volumes() == []


async def test_volumes_outlive_labs_and_carry_their_labels(engine: LocalEngine, root: Path) -> None:
    await engine.create(make_plan())
    (root / "volumes" / "jupyterlab-old_home").mkdir()
    home = NAMES.volume("anna", "home")
    with pytest.raises(Busy, match=home):
        await engine.remove_volume(home)
    await engine.remove(ANNA)
    found = {volume.name: volume.labels for volume in await engine.volumes()}
    assert found[home][USER_ID] == "1"
    assert len(found) == 3
    adopted = {volume.name: volume.labels for volume in await engine.volumes("jupyterlab-")}
    assert adopted["jupyterlab-old_home"] == {}
    await engine.remove_volume(home)
    assert home not in {volume.name for volume in await engine.volumes()}
    with pytest.raises(NotFound):
        await engine.remove_volume(home)


async def test_usage_counts_every_process_of_a_running_lab(engine: LocalEngine) -> None:
    spin = "import os, time; block = b'x' * 50_000_000; os.fork(); print('up', flush=True)\nwhile 1: pass"
    await engine.create(make_plan(command=("python3", "-c", spin)))
    await engine.start(ANNA)
    async with aclosing(engine.follow(ANNA)) as told:
        async for used in told:
            if used.memory > 50_000_000 and used.cpu > 0:
                break
    assert used.memory < 150_000_000  # what the two share counts once


async def test_a_log_stays_within_its_bounds(engine: LocalEngine, root: Path) -> None:
    plan = make_plan(command=("python3", "-c", "for n in range(99999): print(n)"))
    small = replace(plan.hardening, log_bytes=10_000, log_files=2)
    await engine.create(replace(plan, hardening=small))
    await engine.start(ANNA)
    await ended(engine)
    kept = [p.stat().st_size for p in (root / "labs" / ANNA).glob("log*")]
    assert len(kept) == 2
    assert sum(kept) < 2 * (10_000 + 65536)
    assert (await engine.logs(ANNA, 1)).endswith("99998")


async def test_absent_labs(engine: LocalEngine) -> None:
    assert await engine.lab(ANNA) is None
    await engine.stop(ANNA, 1)
    await engine.remove(ANNA)
    for question in (engine.start(ANNA), engine.logs(ANNA)):
        with pytest.raises(NotFound, match=ANNA):
            await question


@pytest.mark.parametrize("name", ["..", "../x", "a/b", "", ".hidden"])
async def test_a_name_cannot_lead_elsewhere(engine: LocalEngine, name: str) -> None:
    for question in (engine.lab(name), engine.remove(name), engine.remove_volume(name)):
        with pytest.raises(Refused, match="no name"):
            await question


async def test_a_damaged_record_is_unknown_not_gone(engine: LocalEngine, root: Path) -> None:
    await engine.create(make_plan())
    good = (root / "labs" / ANNA / "lab.json").read_text()
    (root / "labs" / ANNA / "lab.json").write_text("{")
    with pytest.raises(EngineError, match="cannot be read"):
        await engine.lab(ANNA)
    with pytest.raises(EngineError, match="cannot be read"):
        await engine.remove_volume(NAMES.volume("anna", "home"))
    (root / "labs" / ANNA / "lab.json").write_text(good)


async def test_a_damaged_record_hides_no_other_lab(
    engine: LocalEngine, root: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await engine.create(make_plan())
    bert = await engine.create(make_plan(2, "bert"))
    (root / "labs" / ANNA / "lab.json").write_text("{")
    assert [lab.name for lab in await engine.labs()] == [bert.name]
    assert ANNA in caplog.text
    await engine.remove(ANNA)
    assert not (root / "labs" / ANNA).exists()


async def test_it_says_that_there_is_no_isolation(engine: LocalEngine) -> None:
    info = await engine.info()
    assert (info.kind, info.isolated) == ("local", False)
    assert await engine.has_image("anything")
    assert [step async for step in engine.pull("anything")] == []


async def test_another_users_volume_is_not_used(engine: LocalEngine) -> None:
    await engine.create(make_plan(1))
    await engine.remove(ANNA)
    with pytest.raises(EngineError, match="belongs to another user"):
        await engine.create(make_plan(2))
    assert len(await engine.volumes()) == 3
