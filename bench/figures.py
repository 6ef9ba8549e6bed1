"""What is measured, side against side, taking turns."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from statistics import median
from typing import TypeVar

from bench.client import Client, Start, wait_healthy
from bench.results import Row, row
from bench.sides import Side

CROWD = 20
T = TypeVar("T")
Sides = tuple[Side, Side]  # ours, the rival


async def second_start(sides: Sides, rounds: int) -> list[Row]:
    """From the click to HTTP-ready for a lab that ran before; and how soon that was noticed."""
    await _in_turn(sides, 1, _start)
    ours, rival = await _in_turn(sides, rounds, _start)
    return [
        row(
            "second start, click to HTTP-ready (s)",
            median(one.ready for one in ours),
            median(one.ready for one in rival),
            target=0.45,
            n=rounds,
        ),
        row(
            "readiness noticed after the server listens (ms)",
            1000 * median(one.noticed for one in ours),
            1000 * median(one.noticed for one in rival),
            target=60,
            of="ours",
            n=rounds,
        ),
    ]


async def crowd(sides: Sides, rounds: int, people: int = CROWD) -> list[Row]:
    """Twenty people start at the same moment, until the last of them is served."""
    rounds = min(rounds, 2)
    ours, rival = await _in_turn(sides, rounds, partial(_crowd, people=people))
    return [row(f"{people} starts at once (s)", median(ours), median(rival), target=0.5, n=rounds)]


async def hub_start(sides: Sides, rounds: int) -> list[Row]:
    """From the start of the hub's process until it answers through the proxy."""
    ours, rival = await _in_turn(sides, rounds, _hub_start)
    return [row("hub cold start (s)", median(ours), median(rival), target=0.6, n=rounds)]


async def _start(client: Client) -> Start:
    await _prepare(client, ["anna"])
    taken = await client.start("anna")
    await client.stop("anna")
    return taken


async def _crowd(client: Client, people: int) -> float:
    names = [f"person{number}" for number in range(people)]
    await _prepare(client, names)
    try:
        return max([one.ready for one in await asyncio.gather(*map(client.start, names))])
    finally:
        await asyncio.gather(*map(client.stop, names))


async def _hub_start(client: Client) -> float:
    await asyncio.to_thread(client.side.stop_hub)
    began = time.perf_counter()
    await asyncio.to_thread(client.side.start_hub)
    return await wait_healthy(client.side.url) - began


async def _prepare(client: Client, names: Sequence[str]) -> None:
    for name in names:
        await asyncio.to_thread(client.side.prepare, name)
        await client.add(name)


async def _in_turn(
    sides: Sides, rounds: int, measure: Callable[[Client], Awaitable[T]]
) -> tuple[list[T], list[T]]:
    """Return what ``measure`` gives for ours and for the rival: A, B, then B, A, and so on."""
    taken: dict[str, list[T]] = {side.name: [] for side in sides}
    for turn in range(rounds):
        for side in sides if turn % 2 == 0 else reversed(sides):
            async with Client(side) as client:
                value = await measure(client)
            print(f"  {side.name}: {value}", file=sys.stderr, flush=True)
            taken[side.name].append(value)
    ours, rival = sides
    return taken[ours.name], taken[rival.name]
