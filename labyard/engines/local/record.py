"""What is remembered of a lab between one hub and the next: a JSON file in the lab's directory."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from labyard.core import files
from labyard.core.models import Mount, MountKind, ServerPlan


@dataclass(frozen=True, slots=True)
class Record:
    """A lab that was made. ``port`` is 0 until its first start, and its own from then on.

    It holds no secrets: those are in a file that the lab can read, this one it cannot.
    """

    id: str
    name: str
    image: str
    owner_id: int
    labels: Mapping[str, str]
    command: tuple[str, ...]
    environment: Mapping[str, str]
    home: str
    working_dir: str
    plan_port: int
    mounts: tuple[Mount, ...]
    no_new_privileges: bool
    log_bytes: int
    log_files: int
    port: int = 0

    def at(self, port: int) -> Record:
        """Return the record of the same lab on its own ``port``."""
        return replace(self, port=port)


def record(plan: ServerPlan) -> Record:
    """Return the record of a new lab."""
    return Record(
        id=secrets.token_hex(32),
        name=plan.name,
        image=plan.image,
        owner_id=plan.ref.owner.id,
        labels=plan.labels,
        command=plan.command,
        environment=plan.environment,
        home=plan.environment.get("HOME", plan.working_dir),
        working_dir=plan.working_dir,
        plan_port=plan.port,
        mounts=plan.mounts,
        no_new_privileges=plan.hardening.no_new_privileges,
        log_bytes=plan.hardening.log_bytes,
        log_files=plan.hardening.log_files,
    )


def save(path: Path, value: Record) -> None:
    """Write a record, whole or not at all, for the hub's account alone."""
    files.replace(path, json.dumps(asdict(value)))


def load(path: Path) -> Record | None:
    """Return a record, or None where there is none.

    Raises
    ------
    ValueError
        When the file is not a record.
    """
    try:
        found: dict[str, Any] = json.loads(path.read_text())
    except FileNotFoundError:
        return None
    try:
        mounts = tuple(Mount(**{**m, "kind": MountKind(m["kind"])}) for m in found.pop("mounts"))
        command = tuple(found.pop("command"))
        return Record(**found, mounts=mounts, command=command)
    except (KeyError, TypeError) as error:
        raise ValueError(f"{path}: not a lab's record: {error}") from None
