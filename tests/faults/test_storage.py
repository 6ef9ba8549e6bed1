"""Storage that is full, or somebody else's: a full home still starts, and says what to delete."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import docker
import pytest

from labyard.core import causes
from labyard.core.names import Names
from tests.tools.disks import run, small_volume
from tests.tools.kernel import Kernel
from tests.tools.person import Person, eventually
from tests.tools.starts import failure
from tests.tools.yard import Yard

NAMED = 15.0  # seconds: asked, not read: its file would take up to 30 s
HOME = "services/labyard/"
FILL = "dd if=/dev/zero of={} bs=4096 2>/dev/null; true"
EVIL = "<img src=x onerror=alert(1)>"  # a slash cannot be in a name


# A site's own configuration that puts servers of this name on a disk of their own, as an engine's would be.
HOOK = """
from dataclasses import replace
from labyard.core.models import Mount, MountKind

def settle(spawner, plan):
    if spawner.name != "on-small-disk":
        return plan
    places = {"home": "/home/lab", "tmp": "/tmp"}
    mounts = [Mount(key, f"DISK/{key}", at, MountKind.BIND) for key, at in places.items()]
    return replace(plan, mounts=tuple(mounts))

c.LabSpawner.plan_hook = settle
"""


@pytest.fixture(scope="module")
def small_disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    disk = tmp_path_factory.mktemp("disk")
    disk.chmod(0o755)
    run("mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(disk))
    for name in ("home", "home/workspace", "tmp"):
        (disk / name).mkdir()
        os.chown(disk / name, 1000, 1000)
    yield disk
    run("umount", "-l", str(disk))


def free(disk: Path) -> int:
    return os.statvfs(disk).f_bavail


@pytest.fixture(scope="module")
def place(make_yard: Callable[..., Yard], small_disk: Path) -> Yard:
    yard = make_yard()
    (yard.directory / "jupyterhub_config.d").mkdir()
    hook = HOOK.replace("DISK", str(small_disk))
    (yard.directory / "jupyterhub_config.d/hook.py").write_text(hook)
    yard.up()
    yard.bootstrap()
    return yard


Make = Callable[..., Callable[..., str]]


@pytest.fixture
def small(place: Yard, engine_client: docker.DockerClient, tmp_path: Path) -> Iterator[Make]:
    """Give a person a small volume before their first start; end their lab before it goes."""
    owners: set[str] = set()
    with ExitStack() as stack:

        def make(user: str, key: str, megabytes: int = 16) -> Callable[..., str]:
            owners.add(user)
            names = Names(place.installation)
            labels = names.volume_labels(place.user_id(user), user, key)
            name = names.volume(user, key)
            disk = small_volume(engine_client, name, labels, tmp_path / key, megabytes * 2**20)
            return stack.enter_context(disk)

        yield make
        for user in owners:
            for lab in engine_client.containers.list(all=True, ignore_removed=True):
                if lab.name == Names(place.installation).lab(user):
                    lab.remove(force=True, v=True)


def home(person: Person) -> str:
    return person.get(HOME).text


def test_a_full_home_starts_and_says_what_to_delete(place: Yard, small: Make) -> None:
    dora = place.member("dora")
    shell = small("dora", "home")
    shell(
        f"cd /v; mkdir -p 'lab/{EVIL}' lab/workspace lab/.cache; " + FILL.format("lab/models.bin")
    )
    dora.run()
    eventually(lambda: "Your storage is full" in home(dora), NAMED, "home says so")
    assert dora.lab("lab").status_code == 200
    kernel = Kernel(dora)
    assert kernel.run("print(6 * 7)") == "42"
    eventually(lambda: "models.bin" in home(dora), NAMED, "home says what to delete")
    assert EVIL not in home(dora)
    dora.write("notes.txt", "the workspace has room")

    kernel.run("import os; os.remove(os.path.expanduser('~/models.bin'))")
    eventually(lambda: "Your storage is full" not in home(dora), NAMED, "home is content again")
    dora.halt()
    dora.run()  # and lives in its home again
    assert Kernel(dora).run("import os; print(os.environ.get('IPYTHONDIR'))") == "None"


def test_a_workspace_that_becomes_full_is_told_and_can_be_emptied_from_jupyterlab(
    place: Yard, small: Make
) -> None:
    emil = place.member("emil")
    small("emil", "workspace", 64)
    small("emil", "home")  # where nobody has lived
    emil.run()
    kernel = Kernel(emil)
    assert "Your storage" not in home(emil)
    time.sleep(7)  # its file is read seldom by now
    most = "import os; s = os.statvfs('.'); n = s.f_bavail * s.f_frsize - 2 * 2**20"
    kernel.run(f"{most}; f = os.open('most.bin', 65); os.posix_fallocate(f, 0, n); os.close(f)")
    eventually(lambda: "Your storage is nearly full" in home(emil), NAMED, "home warns")
    kernel.run(f"import subprocess; subprocess.run(['sh', '-c', {FILL.format('data.bin')!r}])")
    eventually(lambda: "Your storage is full" in home(emil), NAMED, "home says so")
    eventually(lambda: "data.bin" in home(emil), NAMED, "home says what to delete")
    gone = emil.http.delete(
        f"{emil.url}{emil.server_path()}api/contents/data.bin",
        headers={"X-XSRFToken": emil.xsrf(emil.server_path())},
        timeout=30,
    )
    assert gone.status_code == 204, gone.text  # not into a trash on the same full volume
    emil.write("saved.txt", "there is room again")
    eventually(lambda: "Your storage is full" not in home(emil), NAMED, "home is content again")


def test_a_disk_of_the_engine_that_becomes_full_is_told(place: Yard, small_disk: Path) -> None:
    """Scratch takes nothing either, so nobody is told to delete what is theirs."""
    hugo = place.member("hugo")
    hugo.run("on-small-disk")
    kernel = Kernel(hugo, "on-small-disk")
    assert "disk is full" not in home(hugo)
    kernel.send(f"import subprocess; subprocess.run(['sh', '-c', {FILL.format('data.bin')!r}])")
    eventually(lambda: not free(small_disk), 30, "the disk is full")
    eventually(lambda: "The engine&#39;s disk is full" in home(hugo), NAMED, "home says so")
    assert "Your storage is full" not in home(hugo)
    kernel.close()
    hugo.halt("on-small-disk")


def test_a_full_volume_that_nobody_lived_in_is_lived_beside(
    place: Yard, small: Make, engine_client: docker.DockerClient
) -> None:
    ida = place.member("ida")
    small("ida", "home")(FILL.format("/v/junk"))
    ida.run()
    eventually(lambda: "Your storage is full" in home(ida), NAMED, "home says so")
    assert "disk is full" not in home(ida)
    disk = engine_client.volumes.get(Names(place.installation).volume("ida", "home"))
    run("mount", "-o", "remount,ro", disk.attrs["Mountpoint"])  # as the kernel does on a bad disk
    eventually(lambda: "can only be read" in home(ida), NAMED, "home says so")


def test_a_volume_that_takes_no_home_is_not_taken_for_the_engines_disk(
    place: Yard, engine_client: docker.DockerClient
) -> None:
    jana, names = place.member("jana"), Names(place.installation)
    labels = names.volume_labels(place.user_id("jana"), "jana", "home")
    nothing = {"type": "tmpfs", "device": "tmpfs", "o": "nr_inodes=1,uid=1000"}
    name = names.volume("jana", "home")
    volume = engine_client.volumes.create(name, driver_opts=nothing, labels=dict(labels))
    told = failure(jana)
    assert (told["code"], told["title"]) == ("volume-full", causes.VOLUME_FULL.title), told
    volume.remove()


def test_a_home_of_another_account_is_named_with_the_remedy(place: Yard, small: Make) -> None:
    fred = place.member("fred")
    shell = small("fred", "home")
    shell("mkdir -p /v/lab && chown 0:0 /v /v/lab", user="0:0")
    answer = fred.start()
    eventually(lambda: not (fred.model() or {}).get("pending"), 60, "the start is over")
    assert "belongs to account 0" in answer.text + fred.get("hub/spawn-pending/fred").text
