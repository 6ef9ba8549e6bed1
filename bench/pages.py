"""How long pages take on a hub that many people use, and until a slow browser can use one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import aiohttp
from playwright.async_api import Page, async_playwright

from bench.crowded import LABS, USERS, Crowded
from bench.results import Row, alone, row
from tests.browser.conftest import CHROMIUM, QUIET

SLOWER = 4
_ADMIN = "services/labyard/admin/"
_ROUNDS = 7
_MOST = 50.0  # milliseconds
_ADMINISTRATION = {
    "everybody's servers": "services/labyard/admin/servers",
    "everybody's servers, searched": "services/labyard/admin/servers?search=9&state=stopped&page=2",
    "activity": "services/labyard/admin/activity",
    "settings": "services/labyard/admin/settings",
    "a user": "services/labyard/admin/users/person0007",
    "why?": "services/labyard/admin/users/person0007/why",
    "groups": "services/labyard/admin/groups",
    "audit": "services/labyard/admin/audit",
}
_QUIET = 1.0  # seconds without a long task, after which a page counts as usable
# Long tasks are kept from the very first moment.
_NOTE = """
window.longest = 0;
new PerformanceObserver((list) => {
  for (const task of list.getEntries()) {
    window.longest = Math.max(window.longest, task.startTime + task.duration);
  }
}).observe({type: "longtask", buffered: true});
"""
_USABLE = """
() => {
  const [page] = performance.getEntriesByType("navigation");
  return Math.max(page.domContentLoadedEventEnd, window.longest) / 1000;
}
"""


async def run(place: Path, users: int = USERS, labs: int = LABS) -> list[Row]:
    """Fill a hub, measure, and take it away."""
    crowded = Crowded(place, users, labs)
    try:
        await asyncio.to_thread(crowded.up)
        return [*await _served(crowded), await _interactive(crowded)]
    finally:
        await asyncio.to_thread(crowded.down)


async def _served(crowded: Crowded) -> list[Row]:
    """Return what pages take that are asked for one after another, each home by its owner."""
    many = f"{len(crowded.names):,} users, {len(crowded.busy)} labs"
    tokens = await crowded.tokens()
    admins = {"Cookie": crowded.admin_cookie(), "X-XSRFToken": crowded.admin.xsrf("/hub/")}
    limit = aiohttp.ClientTimeout(total=60)
    async with aiohttp.ClientSession(timeout=limit) as people:
        homes = [_home(people, crowded.url, token) for token in tokens.values()]
        home = [await _timed(ask) for ask in homes]
        own = {"Authorization": f"token {crowded.admin.token}"}
        administration = {
            page: [await _timed(_asking(people, crowded.url + path, own)) for _ in range(40)]
            for page, path in _ADMINISTRATION.items()
        }
        pages = [f"{crowded.url}{_ADMIN}users?page={n % 40 + 1}" for n in range(100)]
        accounts = [await _timed(_asking(people, url, own, b"Approved")) for url in pages]
    async with aiohttp.ClientSession(timeout=limit, headers=admins) as admin:
        upstream = [await _timed(_upstream(admin, crowded.url)) for _ in range(40)]
    return [
        alone(f"home, {many}: p95 (ms)", _p95(home), target=_MOST, n=len(home)),
        row(
            f"accounts beside JupyterHub's admin page, {many}: p95 (ms)",
            _p95(accounts),
            _p95(upstream),
            target=_MOST,
            of="ours",
            n=len(accounts),
        ),
        *(
            alone(f"{page}, {many}: p95 (ms)", _p95(taken), target=_MOST, n=len(taken))
            for page, taken in administration.items()
        ),
    ]


def _home(session: aiohttp.ClientSession, url: str, token: str) -> Callable[[], Awaitable[None]]:
    headers = {"Authorization": f"token {token}"}
    return _asking(session, f"{url}services/labyard/", headers, b"Running")


def _asking(
    session: aiohttp.ClientSession,
    url: str,
    headers: Mapping[str, str] | None = None,
    holding: bytes = b"",
) -> Callable[[], Awaitable[None]]:
    async def ask() -> None:
        async with session.get(url, headers=headers, allow_redirects=False) as answer:
            content = await answer.read()
            if answer.status != 200 or holding not in content:
                raise RuntimeError(f"{url}: {answer.status}")

    return ask


def _upstream(session: aiohttp.ClientSession, url: str) -> Callable[[], Awaitable[None]]:
    """Ask for JupyterHub's admin page and for the first users that its script asks for."""
    page = _asking(session, f"{url}hub/admin")
    query = "include_stopped_servers=1&offset=0&limit=50&sort=id"
    people = _asking(session, f"{url}hub/api/users?{query}")

    async def ask() -> None:
        await page()
        await people()

    return ask


async def _timed(ask: Callable[[], Awaitable[None]]) -> float:
    """Return milliseconds."""
    begun = time.perf_counter()
    await ask()
    return 1000 * (time.perf_counter() - begun)


def _p95(values: Sequence[float]) -> float:
    return quantiles(values, n=20)[-1]


async def _interactive(crowded: Crowded) -> Row:
    """Return how long a slowed Chromium takes until the home page can be used, with an empty cache."""
    taken = []
    async with async_playwright() as play:
        browser = await play.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        page = await browser.new_page()
        await page.add_init_script(_NOTE)
        await page.goto(f"{crowded.url}hub/login")
        await page.fill("#username_input", "viewer")
        await page.fill("#password_input", crowded.password)
        await page.click("#login_submit")
        await page.wait_for_url("**/services/labyard/**")
        for _ in range(_ROUNDS):
            taken.append(await _usable(page, f"{crowded.url}services/labyard/"))
        await browser.close()
    figure = f"home usable in Chromium, processor slowed {SLOWER} times (s)"
    return alone(figure, median(taken), target=1.0, n=_ROUNDS)


async def _usable(page: Page, url: str) -> float:
    session = await page.context.new_cdp_session(page)
    commands: Iterable[tuple[str, dict[str, Any]]] = (
        ("Network.enable", {}),
        ("Network.setCacheDisabled", {"cacheDisabled": True}),
        ("Emulation.setCPUThrottlingRate", {"rate": SLOWER}),
    )
    await page.goto("about:blank")
    for command, parameters in commands:
        await session.send(command, parameters)
    await page.goto(url)
    await page.locator("#open").wait_for()
    await asyncio.sleep(_QUIET)
    usable = float(await page.evaluate(_USABLE))
    await session.detach()
    return usable
