"""Waiting for a lab to speak HTTP."""

from __future__ import annotations

import asyncio

import aiohttp

from labyard.core.models import Lab

_LOOK_AGAIN = 0.05  # seconds


async def until_answering(lab: Lab, path: str) -> None:
    """Return once the lab answers HTTP below ``path`` (a server's URL path).

    Any answer but a server error counts: a lab that asks who we are is up.
    """
    url = f"http://{lab.host}:{lab.port}{path}api"
    limit = aiohttp.ClientTimeout(total=2.0)
    async with aiohttp.ClientSession(timeout=limit) as session:
        while True:
            try:
                async with session.get(url, allow_redirects=False) as answer:
                    if answer.status < 500:
                        return
            except (aiohttp.ClientError, TimeoutError):
                pass
            await asyncio.sleep(_LOOK_AGAIN)
