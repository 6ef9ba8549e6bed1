"""Who has a port: asked of the real kernel, read from its tables."""

import os
import socket
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from labyard.cli.ports import (
    holder,
    listening_addresses,
    listening_inodes,
    somebody_listens,
    why_taken,
)

TABLE = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1
   1: 0100007F:1F90 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 4712 1
   2: 00000000:1F91 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4713 1
"""


@pytest.fixture
def taken():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_only_listeners_of_that_very_port_count():
    assert list(listening_inodes(TABLE, 8080)) == [4711]
    assert list(listening_inodes(TABLE, 8081)) == [4713]
    assert list(listening_inodes(TABLE, 80)) == []


def test_addresses_are_read_as_they_are_meant(taken):
    assert list(map(str, listening_addresses(TABLE))) == ["127.0.0.1", "0.0.0.0"]
    assert somebody_listens(IPv4Address("127.0.0.1"))
    assert not somebody_listens(IPv4Address("192.0.2.1"))


def test_a_taken_port_names_who_has_it(taken):
    name = Path("/proc/self/comm").read_text().strip()
    assert holder(taken) == f"{name} (pid {os.getpid()})"
    assert why_taken("127.0.0.1", taken) == f"port {taken} is in use by {name} (pid {os.getpid()})"
    assert why_taken("0.0.0.0", taken)


def test_a_free_port_is_free_and_a_strange_address_is_not_ours(taken):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        free = other.getsockname()[1]
    assert why_taken("127.0.0.1", free) == ""
    assert why_taken("192.0.2.1", free) == "this machine has no address 192.0.2.1"
