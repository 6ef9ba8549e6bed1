"""What labs may reach through this host: the hub's API, other hosts as settings allow, nothing else.

One static set of rules per installation, matched by the labs' block, so that nothing changes when
people come and go. Labs cannot put another address on their packets: they have no ``NET_RAW``.
Labs of one person talk over their own bridge, which no rule here looks at.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network

from labyard.core.errors import EngineError

# Where clouds answer anybody on the machine with its credentials.
METADATA = ("169.254.0.0/16", "100.100.100.200/32", "168.63.129.16/32")

_ESTABLISHED = "-m conntrack --ctstate RELATED,ESTABLISHED"
# A packet that stays within one bridge; netfilter sees those only where br_netfilter is loaded.
_BRIDGED = "-m physdev --physdev-is-bridged"
# An honest lab has a handful open; the hub has files for some thousands.
_GREEDY = "-m connlimit --connlimit-above 100 --connlimit-mask 32 --connlimit-saddr"
_REFUSE = "-j REJECT --reject-with icmp-admin-prohibited"


@dataclass(frozen=True, slots=True)
class Firewall:
    """What the rules of one installation depend on."""

    installation: str
    block: IPv4Network
    hub_address: IPv4Address
    hub_port: int
    internet: bool = True

    @property
    def to_host(self) -> str:
        """The chain for packets to this host. Names end at 28 characters."""
        return f"LY-IN-{self.installation}"

    @property
    def through_host(self) -> str:
        """The chain for packets that this host passes on."""
        return f"LY-FWD-{self.installation}"

    @property
    def hooks(self) -> Sequence[tuple[str, str]]:
        """Where the chains are entered: (chain of the system, rule).

        Docker puts its own rules before those in FORWARD, but asks DOCKER-USER first.
        """
        return (
            ("INPUT", f"-s {self.block} -j {self.to_host}"),
            ("INPUT", f"-d {self.hub_address}/32 -j {self.to_host}"),
            ("FORWARD", f"-j {self.through_host}"),
            ("DOCKER-USER", f"-j {self.through_host}"),
        )


class Status(StrEnum):
    """How it stands with the rules."""

    APPLIED = "applied"
    MISSING = "missing"
    NOT_ROOT = "not-root"
    NO_IPTABLES = "no-iptables"


REMEDIES = {
    Status.APPLIED: "",
    Status.MISSING: "Run `labyard up` as root: it puts the rules back, and labs go on.",
    Status.NOT_ROOT: "Run `labyard up` as root: without the rules labs reach every service that listens "
    "on this host.",
    Status.NO_IPTABLES: "Install iptables: labs reach every service that listens on this host.",
}


def rules(firewall: Firewall) -> str:
    """Return the rules as input of ``iptables-restore --noflush``, which replaces both chains whole."""
    return "\n".join(["*filter", *_lines(firewall), "COMMIT", ""])


def _lines(firewall: Firewall) -> Iterator[str]:
    to_host, through, block = firewall.to_host, firewall.through_host, firewall.block
    yield f":{to_host} - [0:0]"
    yield f":{through} - [0:0]"
    # This host talking to itself from the hub's address; answers to what it asked of labs.
    yield f"-A {to_host} -i lo -j RETURN"
    yield f"-A {to_host} {_ESTABLISHED} -j ACCEPT"
    to_hub = f"-s {block} -d {firewall.hub_address}/32 -p tcp --dport {firewall.hub_port}"
    yield f"-A {to_host} {to_hub} {_GREEDY} -j REJECT --reject-with tcp-reset"
    yield f"-A {to_host} {to_hub} -j ACCEPT"
    yield f"-A {to_host} {_REFUSE}"

    yield f"-A {through} {_BRIDGED} -j RETURN"
    yield f"-A {through} {_ESTABLISHED} -j RETURN"
    # From anywhere beyond this host, another person's labs included.
    yield f"-A {through} -d {block} {_REFUSE}"
    for address in METADATA:
        yield f"-A {through} -s {block} -d {address} {_REFUSE}"
    # Ports of other containers, published on this host's addresses.
    yield f"-A {through} -s {block} -m conntrack --ctstate DNAT {_REFUSE}"
    if not firewall.internet:
        yield f"-A {through} -s {block} {_REFUSE}"


def neighbours(firewall: Firewall, saved: str) -> list[str]:
    """Return the other installations whose block overlaps, in the words of ``iptables-save``. Pure."""
    hooks = re.findall(r"^-A INPUT -s (\S+) -j LY-IN-(\S+)$", saved, re.MULTILINE)
    return sorted(
        name
        for block, name in hooks
        if name != firewall.installation and IPv4Network(block).overlaps(firewall.block)
    )


def apply(firewall: Firewall) -> Status:
    """Put the rules in place, however often; return how it stands then.

    Raises
    ------
    EngineError
        When the system refuses them, or another installation has the block: each would keep the
        other's labs from their hub.
    """
    if os.geteuid() != 0:
        return Status.NOT_ROOT
    try:
        others = neighbours(firewall, _run("iptables-save", "-t", "filter").stdout)
        if others:
            raise EngineError(
                f"network.block {firewall.block} overlaps that of installation {others[0]} on this host.",
                remedy="Set network.block to another private block, such as 10.178.0.0/16; "
                "if that installation is gone, `labyard down --labs` with its settings clears its rules.",
            )
        done = _run("iptables-restore", "-w", "--noflush", given=rules(firewall))
    except FileNotFoundError:
        return Status.NO_IPTABLES
    if done.returncode != 0:
        raise EngineError(
            f"The firewall's rules were refused: {done.stderr.strip()}.",
            remedy="Check that this kernel has conntrack, connlimit, physdev and REJECT for iptables, or set "
            "network.firewall to false.",
        )
    for chain, rule in firewall.hooks:
        if _exists(chain) and not _has(chain, rule):
            _run("iptables", "-w", "-I", chain, "1", *rule.split())
    return check(firewall)


def check(firewall: Firewall) -> Status:
    """Return how it stands with the rules, changing nothing."""
    if os.geteuid() != 0:
        return Status.NOT_ROOT
    try:
        wanted = [r.removeprefix("-A ").split(" ", 1) for r in _lines(firewall) if r[0] == "-"]
        wanted += [[chain, rule] for chain, rule in firewall.hooks if _exists(chain)]
        there = all(_has(chain, rule) for chain, rule in wanted)
    except FileNotFoundError:
        return Status.NO_IPTABLES
    return Status.APPLIED if there else Status.MISSING


def remove(firewall: Firewall) -> None:
    """Take the rules away again, if we may."""
    if check(firewall) in (Status.NOT_ROOT, Status.NO_IPTABLES):
        return
    for chain, rule in firewall.hooks:
        while _exists(chain) and _has(chain, rule):
            _run("iptables", "-w", "-D", chain, *rule.split())
    for chain in (firewall.to_host, firewall.through_host):
        _run("iptables", "-w", "-F", chain)
        _run("iptables", "-w", "-X", chain)


def _exists(chain: str) -> bool:
    return _run("iptables", "-w", "-n", "-L", chain).returncode == 0


def _has(chain: str, rule: str) -> bool:
    return _run("iptables", "-w", "-C", chain, *rule.split()).returncode == 0


def _run(*command: str, given: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, input=given, capture_output=True, text=True, check=False, timeout=60
    )
