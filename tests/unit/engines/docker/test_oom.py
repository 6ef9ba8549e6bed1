"""Where a lab's count of ended processes is, on both kinds of cgroups, and what it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from labyard.engines.docker import oom

ID = "bd99c2be110e7f524037a8681c128eb790146d52b429c5c2a982c541ed957b44"
V1_DOCKER = f"""9:name=systemd:/docker/{ID}
5:cpu,cpuacct:/docker/{ID}
4:memory:/docker/{ID}
0::/system.slice/docker.service
"""
V1_PODMAN = f"4:memory:/libpod_parent/libpod-{ID}\n0::/libpod_parent/libpod-{ID}\n"
V2_SYSTEMD = f"0::/system.slice/docker-{ID}.scope\n"
V2_PODMAN = f"0::/machine.slice/libpod-{ID}.scope/container\n"
V2_EVENTS = "low 0\nhigh 0\nmax 214\noom 3\noom_kill 2\noom_group_kill 0\n"
V1_CONTROL = "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n"


@pytest.mark.parametrize(
    ("memberships", "where"),
    [
        (V1_DOCKER, f"memory/docker/{ID}/memory.oom_control"),
        (V1_PODMAN, f"memory/libpod_parent/libpod-{ID}/memory.oom_control"),
        (V2_SYSTEMD, f"system.slice/docker-{ID}.scope/memory.events"),
        (V2_PODMAN, f"machine.slice/libpod-{ID}.scope/container/memory.events"),
    ],
)
def test_the_file_that_counts(memberships: str, where: str) -> None:
    assert oom.file(memberships, ID) == Path(where)


@pytest.mark.parametrize(
    "memberships",
    [
        "",
        "nonsense",
        "0::/\n",
        "0::/user.slice/somebody-else.scope\n",  # a process of another's with the same number
        f"0::/../../docker/{ID}\n",  # the hub itself lives in a container
        f"1:cpu:/docker/{ID}\n",
    ],
)
def test_a_file_that_is_not_surely_the_labs_counts_nothing(memberships: str) -> None:
    assert oom.file(memberships, ID) is None


@pytest.mark.parametrize("content", [V1_CONTROL, V2_EVENTS])
def test_both_kinds_count(content: str) -> None:
    assert oom.count(content) == 2


def test_an_old_kernel_does_not_count() -> None:
    assert oom.count("oom_kill_disable 0\nunder_oom 0\n") is None


@pytest.mark.parametrize(
    ("memberships", "content"), [(V1_DOCKER, V1_CONTROL), (V2_SYSTEMD, V2_EVENTS)]
)
def test_it_is_found_read_and_missed(tmp_path: Path, memberships: str, content: str) -> None:
    proc, cgroups = tmp_path / "proc", tmp_path / "cgroups"
    (proc / "7").mkdir(parents=True)
    (proc / "7/cgroup").write_text(memberships)
    assert oom.find(7, ID, proc, cgroups) is None
    counter = cgroups / str(oom.file(memberships, ID))
    counter.parent.mkdir(parents=True)
    counter.write_text(content)
    assert oom.find(7, ID, proc, cgroups) == counter
    assert oom.kills(counter) == 2
    counter.unlink()
    assert oom.kills(counter) is None
    assert oom.find(8, ID, proc, cgroups) is None
