"""Who gets which GPU."""

import asyncio

import pytest

from labyard.core.models import Lab, LabStatus
from labyard.core.names import GPUS
from labyard.gpu.assign import Gpus
from labyard.gpu.choose import NoGpuFree, choose, held

DEVICES = ("GPU-a", "GPU-b", "GPU-c")


def lab(name: str, gpus: str, status: LabStatus = LabStatus.RUNNING) -> Lab:
    return Lab(name, name, status, "image", {GPUS: gpus} if gpus else {})


def test_running_and_made_labs_hold_what_their_labels_say() -> None:
    labs = [
        lab("one", "GPU-a,GPU-b"),
        lab("made", "GPU-c", LabStatus.CREATED),
        lab("over", "GPU-d", LabStatus.STOPPED),
        lab("none", ""),
    ]
    assert held(labs) == {"GPU-a", "GPU-b", "GPU-c"}
    assert held(labs, but="one") == {"GPU-c"}


@pytest.mark.parametrize(
    ("asked", "taken", "given"),
    [
        (None, (), ()),
        (0, (), ()),
        (1, ("GPU-a",), ("GPU-b",)),
        ("all", (), DEVICES),
        (("GPU-c", "GPU-a"), ("GPU-b",), ("GPU-c", "GPU-a")),
    ],
)
def test_free_ones_are_given(asked: object, taken: object, given: object) -> None:
    assert choose(asked, DEVICES, taken) == given  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (3, "2 of 3 GPUs are free; 3 were asked for."),
        ("all", "2 of 3 GPUs are free; all 3 were asked for."),
        (("GPU-a",), "A GPU that was asked for is in use; 2 of 3 GPUs are free."),
    ],
)
def test_too_few_is_refused_with_how_many_are_free_and_never_which(
    asked: object, said: str
) -> None:
    with pytest.raises(NoGpuFree) as refused:
        choose(asked, DEVICES, {"GPU-a"})  # type: ignore[arg-type]
    assert refused.value.why == said


async def test_a_crowd_of_starts_never_gets_one_gpu_twice() -> None:
    running: list[Lab] = []

    async def labs() -> list[Lab]:
        seen = list(running)  # the engine answers with what was so when it was asked
        await asyncio.sleep(0)
        return seen

    gpus = Gpus([f"GPU-{n}" for n in range(8)], labs)
    given: list[str] = []

    async def start(name: str) -> None:
        async with gpus.promised(1, name) as got:
            await asyncio.sleep(0)
            running.append(lab(name, ",".join(got)))
        given.extend(got)

    results = await asyncio.gather(*(start(f"lab{n}") for n in range(20)), return_exceptions=True)
    assert sorted(given) == sorted(set(given))
    assert len(given) == 8
    assert sum(isinstance(each, NoGpuFree) for each in results) == 12


async def test_a_start_that_fails_gives_its_gpu_back() -> None:
    async def labs() -> list[Lab]:
        return []

    gpus = Gpus(["GPU-a"], labs)
    with pytest.raises(RuntimeError):
        async with gpus.promised("all", "lab"):
            raise RuntimeError
    async with gpus.promised(1, "lab") as got:
        assert got == ("GPU-a",)
        with pytest.raises(NoGpuFree):
            async with gpus.promised(1, "other"):
                pass
