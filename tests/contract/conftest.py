"""With pytest-xdist (``-n 4 --dist loadscope``) each engine's tests run in a process of their own."""

from __future__ import annotations

import re
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

_ENGINE = re.compile(r"\[(docker-newer|docker|podman|local)\b")


class ByEngine(LoadScopeScheduling):
    """Gives one process all tests of an engine, and one those of the proxies."""

    def _split_scope(self, nodeid: str) -> str:
        found = _ENGINE.search(nodeid)
        return found[1] if found else "proxies"


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByEngine:
    return ByEngine(config, log)
