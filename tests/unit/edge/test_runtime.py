"""What HAProxy 2.6 answers, kept as it came, and what is read in it."""

from __future__ import annotations

import pytest

from labyard.edge.errors import EdgeUnreachable
from labyard.edge.runtime import Runtime, parse_map, parse_sessions, parse_workers

MAP = """\
0x55d7e69bb830 / 127.0.0.1|21110|own
0x55d7e69bb950 /user/a@b/ 127.0.0.1|21112|lab
0x55d7e69bb9e0 /user/%C3%A9/ ::1|21113|lab
"""

PROC = """\
#<PID>          <type>          <reloads>       <uptime>        <version>
23746           master          1 [failed: 0]   0d00h10m23s     2.6.12-1+deb12u4
# workers
23749           worker          0               0d00h00m03s     2.6.12-1+deb12u4
# old workers
23700           worker          1               0d00h10m23s     2.6.12-1+deb12u4
# programs

"""

SESSIONS = """\
0x55a126991db0: [21/Nov/2026:04:45:50.216423] id=0 proto=sockpair source=unix:2
  flags=0x8, conn_retries=0, conn_exp=<NEVER> conn_et=0x000 srv_conn=(nil), pend_pos=(nil) waiting=0 epoch=0
  frontend=GLOBAL (id=0 mode=tcp), listener=? (id=2)
  backend=<NONE> (id=-1 mode=-)
  server=<NONE> (id=-1)
0x55a126991dc0: [21/Nov/2026:04:45:51.216423] id=7 proto=tcpv4 source=127.0.0.1:40000
  frontend=edge (id=2 mode=http), listener=? (id=1) addr=127.0.0.1:8000
  backend=targets (id=3 mode=http) addr=127.0.0.1:40100
  server=target (id=1) addr=10.177.0.2:8888
0x55a126991dd0: [21/Nov/2026:04:45:52.216423] id=8 proto=tcpv4 source=10.177.0.2:8888
  frontend=edge (id=2 mode=http), listener=? (id=1) addr=127.0.0.1:8000
  backend=targets (id=3 mode=http) addr=127.0.0.1:40102
  server=target (id=1) addr=10.177.0.20:8888
0x55a126991de0: [21/Nov/2026:04:45:53.216423] id=9 proto=tcpv4 source=127.0.0.1:40003
  backend=targets (id=3 mode=http) addr=127.0.0.1:40104
  server=target (id=1) addr=10.177.0.2:88880
"""


def test_the_map() -> None:
    assert parse_map(MAP) == {
        "/": "127.0.0.1|21110|own",
        "/user/a@b/": "127.0.0.1|21112|lab",
        "/user/%C3%A9/": "::1|21113|lab",
    }
    assert parse_map("") == {}


def test_the_workers_old_ones_too() -> None:
    assert parse_workers(PROC) == [23749, 23700]


def test_the_sessions_of_one_address_and_of_no_longer_one() -> None:
    assert parse_sessions(SESSIONS, "10.177.0.2:8888") == ["0x55a126991dc0"]
    assert parse_sessions(SESSIONS, "10x177x0x2:8888") == []


async def test_nobody_there(tmp_path) -> None:
    runtime = Runtime(tmp_path)
    assert runtime.worker() is None
    assert not runtime.minded()
    with pytest.raises(EdgeUnreachable):
        await runtime.ask("show info")
