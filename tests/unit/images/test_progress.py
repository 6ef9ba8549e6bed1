"""A builder's lines become a bar that only goes forward and ends full."""

from __future__ import annotations

import pytest

from labyard.images.progress import Listener

BUILDKIT = """\
#1 [internal] load build definition from Dockerfile
#5 [2/3] RUN sh /run/setup/packages
#5 12.01 Collecting aiohttp==3.14.5
#5 12.02   Downloading aiohttp-3.14.5-cp311-cp311-manylinux_2_17_x86_64.whl (1.7 MB)
#5 12.51 Collecting anyio==4.16.0
#5 15.64 Installing collected packages: aiohttp, anyio
#6 [3/3] WORKDIR /home/lab
"""
PODMAN = """\
STEP 2/3: RUN sh /run/setup/packages
Collecting aiohttp==3.14.5
Collecting anyio==4.16.0
Installing collected packages: aiohttp, anyio
STEP 3/3: WORKDIR /home/lab
"""


class Bar:
    def __init__(self) -> None:
        self.said: list[str] = []
        self.parts: list[float] = []

    def __call__(self, detail: str) -> None:
        self.said.append(detail)

    def advance(self, done: float, total: float) -> None:
        self.parts.append(done / total)


@pytest.mark.parametrize("output", [BUILDKIT, PODMAN])
def test_steps_and_packages_move_the_bar(output: str) -> None:
    bar = Bar()
    listener = Listener(bar, packages=2)
    for line in output.splitlines():
        listener(line)
    assert bar.parts == [2 / 5, 3 / 5, 4 / 5, 4 / 5, 1]
    assert bar.said == [
        "step 2 of 3: RUN",
        "aiohttp (1 of 2)",
        "anyio (2 of 2)",
        "installing 2 packages",
        "step 3 of 3: WORKDIR",
    ]


def test_a_package_named_again_does_not_overfill_it() -> None:
    bar = Bar()
    listener = Listener(bar, packages=1)
    for line in ("#5 [1/1] RUN", "Collecting a==1", "Collecting b==1"):
        listener(line)
    assert max(bar.parts) == 1


def test_what_makes_the_base_is_told_without_a_bar() -> None:
    bar = Bar()
    listener = Listener(bar, packages=1)
    for line in ("pulling debian", "making a Debian from packages", "I: creating tarball...", "x"):
        listener(line)
    assert bar.said == ["pulling debian", "making a Debian from packages", "creating tarball..."]
    assert not bar.parts
