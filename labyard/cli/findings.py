"""What ``labyard doctor`` may find, and the judgements: pure, from facts to a sentence and a remedy."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from labyard.core.units import show_bytes
from labyard.engines import firewall

# Room for the hub's database and logs, and below the second figure for hardly anything.
DISK_LOW, DISK_FULL = 5 * 2**30, 512 * 2**20
# Seconds. Tokens and cookies carry times; certificates too.
CLOCK_OFF, CLOCK_WRONG = 5.0, 60.0
OLDEST_API = (1, 40)
# The first runc without the leaked descriptor of early 2024.
MENDED_RUNC = (1, 1, 12)


class State(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence about one thing, and what to do about it."""

    about: str
    state: State
    sentence: str
    remedy: str = ""


def ok(about: str, sentence: str) -> Finding:
    """Return a good finding."""
    return Finding(about, State.OK, sentence)


def warn(about: str, sentence: str, remedy: str) -> Finding:
    """Return a finding that does not stop the place from working."""
    return Finding(about, State.WARN, sentence, remedy)


def fail(about: str, sentence: str, remedy: str) -> Finding:
    """Return a finding that does."""
    return Finding(about, State.FAIL, sentence, remedy)


def version_of(text: str) -> tuple[int, ...]:
    """Return the numbers a version starts with: ``1.1.5+ds1`` is ``(1, 1, 5)``."""
    match = re.match(r"v?(\d+(?:\.\d+)*)", text)
    return tuple(map(int, match[1].split("."))) if match else ()


def judge_settings(warnings: Sequence[str], *, stale: bool) -> Iterator[Finding]:
    """Judge settings that are good; ``stale`` says that the hub runs with older ones."""
    for warning in warnings:
        yield warn(
            "settings", warning, "`labyard config show` tells where each setting comes from."
        )
    if stale:
        yield warn(
            "settings",
            "They have changed since the hub was started.",
            "`labyard down`, then `labyard up`; labs go on.",
        )
    if not warnings and not stale:
        yield ok("settings", "They are good, and those in use.")


def judge_disk(place: Path, free: int) -> Finding:
    """Judge ``free`` bytes where ``place`` is."""
    sentence = f"{show_bytes(free)} free at {place}."
    if free < DISK_FULL:
        return fail("disk", sentence, "Make room: the hub cannot keep its database without it.")
    if free < DISK_LOW:
        return warn("disk", sentence, "Make room: images and notebooks need some gigabytes.")
    return ok("disk", sentence)


def judge_clock(offset: float, other: str) -> Finding:
    """Judge a clock that is ``offset`` seconds ahead of ``other``'s."""
    sentence = f"The clock is {abs(offset):.0f} s {'ahead of' if offset > 0 else 'behind'} {other}."
    remedy = "Let the machine keep time: timedatectl set-ntp true, or install chrony."
    if abs(offset) >= CLOCK_WRONG:
        return fail("clock", sentence, remedy)
    if abs(offset) >= CLOCK_OFF:
        return warn("clock", sentence, remedy)
    return ok("clock", f"The clock agrees with {other}.")


def judge_api(version: str) -> Finding:
    """Judge the version of the engine's API."""
    if version_of(version) < OLDEST_API:
        return fail(
            "engine api",
            f"The engine speaks API {version or 'of no known version'}; 1.40 is the least.",
            "Install a newer engine: Debian 12's docker.io or Docker 20.10 and later will do.",
        )
    return ok("engine api", f"The engine speaks API {version}.")


def judge_runc(version: str) -> Finding:
    """Judge the program that starts containers."""
    if not version:
        return ok("runc", "The engine does not tell what starts its containers.")
    if version_of(version) < MENDED_RUNC:
        return warn(
            "runc",
            f"runc {version} is older than 1.1.12, which closed a way out of containers.",
            "Update runc. A distribution's own may have the repair in it: see its changelog.",
        )
    return ok("runc", f"runc {version}.")


def judge_private(path: Path, mode: int, owner: int, account: int) -> Finding:
    """Judge a directory of ours that should be one account's alone."""
    about = "data directory"
    if owner != account:
        return fail(
            about,
            f"{path} belongs to account {owner}, and this is account {account}.",
            f"Run labyard as account {owner}, or: chown -R {account} {path}",
        )
    if stat.S_IMODE(mode) & 0o077:
        return fail(
            about,
            f"{path} can be read by others ({stat.filemode(mode)}).",
            f"chmod -R go-rwx {path}, and change what secrets were in it.",
        )
    return ok(about, f"{path} is private to this account.")


def judge_secret(path: Path, mode: int) -> Finding:
    """Judge one secret's file."""
    if stat.S_IMODE(mode) & 0o077:
        return fail(
            "secrets",
            f"{path} can be read by others ({stat.filemode(mode)}).",
            f"chmod 600 {path}; remove it and restart to have a new one made.",
        )
    return ok("secrets", f"{path.name} is private.")


def judge_port(path: str, port: int, why_taken: str, *, ours: bool) -> Finding:
    """Judge a port of the settings: free, ours, or somebody else's."""
    about = f"port {port}"
    if ours and why_taken:
        return ok(about, f"{path} {port} is in use by this installation.")
    if why_taken:
        return fail(
            about,
            f"{path}: {why_taken}.",
            f"Stop what uses it, or set another {path} in labyard.yaml.",
        )
    if ours:
        return fail(
            about,
            f"{path}: nobody listens on {port}, though it should be ours.",
            "`labyard down`, then `labyard up`.",
        )
    return ok(about, f"{path} {port} is free.")


def judge_address(address: str, present: bool) -> Finding:
    """Judge whether this host has the address that labs know the hub by."""
    if not present:
        return fail(
            "hub address",
            f"This host has lost the address {address}, at which labs reach the hub.",
            "`labyard down`, then `labyard up` as root.",
        )
    return ok("hub address", f"Labs reach the hub at {address}.")


def judge_firewall(status: firewall.Status) -> Finding:
    """Judge the rules that keep labs from this host's services."""
    match status:
        case firewall.Status.APPLIED:
            return ok("firewall", "Labs reach the hub's API on this host, and nothing else of it.")
        case firewall.Status.MISSING:
            sentence = "Its rules are not in place."
        case firewall.Status.NOT_ROOT:
            sentence = "Whether its rules are in place, only root can see."
        case firewall.Status.NO_IPTABLES:
            sentence = "There is no iptables on this host."
    return warn("firewall", sentence, firewall.REMEDIES[status])


def judge_proxy(name: str, *, runs: bool, hub_runs: bool) -> Finding:
    """Judge the proxy's process."""
    if hub_runs and not runs:
        return fail("proxy", f"The hub runs and its proxy, {name}, does not.", "labyard up")
    if not runs:
        return warn("proxy", f"{name} does not run.", "labyard up")
    return ok("proxy", f"{name} runs.")


def judge_service(answers: bool, url: str) -> Finding:
    """Judge the process of Labyard's own pages, which the hub starts."""
    if not answers:
        return fail(
            "pages",
            f"The service at {url}services/labyard/ does not answer.",
            "Read the end of the hub's log; `labyard down`, then `labyard up` starts it anew.",
        )
    return ok("pages", "The home page and its REST answer.")


def judge_image(image: str, present: bool) -> Finding:
    """Judge whether the lab image is there."""
    if not present:
        return fail("lab image", f"The engine has no image {image}.", "labyard image build")
    return ok("lab image", f"{image} is there.")


def judge_journal(kind: str, journal: str) -> Finding:
    """Judge the database's journal mode; ``journal`` is empty where there is none."""
    if kind == "sqlite" and journal != "wal":
        return warn(
            "database",
            f"SQLite is in {journal} mode: readers and writers wait for each other.",
            "`labyard down`, then `labyard up`, which turns WAL on. It needs a local disk.",
        )
    return ok("database", f"{'SQLite in WAL mode' if journal else kind} answers.")
