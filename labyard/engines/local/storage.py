"""The directories of labs and volumes. Volumes carry their labels in a file beside them."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from labyard.core import files
from labyard.core.errors import Busy, EngineError, NotFound
from labyard.core.models import Mount, MountKind, ServerPlan, Volume
from labyard.core.names import INSTALLATION, USER_ID
from labyard.engines.local.record import Record, save
from labyard.engines.local.spec import Account, Place, account

_LABELS = ".labels.json"


class Storage:
    """Makes, lists and removes what one installation keeps on disk.

    Labs pass through directories to what is theirs, and cannot list them.
    """

    def __init__(self, place: Place, installation: str) -> None:
        self._place = place
        self._installation = installation

    def labs(self) -> Sequence[str]:
        """Return the names of all labs."""
        return _names(self._place.labs)

    def make_lab(self, plan: ServerPlan, lab: Record, directory: Path) -> None:
        """Make a lab's directory whole, then put it in the place of an earlier one."""
        part = directory.with_name(f".{directory.name}.{secrets.token_hex(4)}")
        self._open_directory(self._place.labs)
        try:
            part.mkdir(mode=0o711)
            part.chmod(0o711)
            owner = account(lab.owner_id, os.geteuid())
            for own in ("home", "tmp"):
                _give(part / own, owner)
            self._write_secrets(part / "secrets.json", plan.secrets, owner)
            save(part / "lab.json", lab)
            if directory.exists():
                shutil.rmtree(directory)
            part.rename(directory)
        except BaseException:
            shutil.rmtree(part, ignore_errors=True)
            raise

    @staticmethod
    def _write_secrets(path: Path, values: Mapping[str, str], owner: Account | None) -> None:
        files.replace(path, json.dumps(dict(values)))
        path.chmod(0o400)
        if owner is not None:
            os.chown(path, owner.uid, owner.uid)

    def volumes(self, prefix: str) -> Sequence[Volume]:
        """Return the installation's volumes, and unlabelled ones with a non-empty ``prefix``."""
        found = [Volume(name, self._labels(name)) for name in _names(self._place.volumes)]
        return [
            volume
            for volume in found
            if volume.labels.get(INSTALLATION) == self._installation
            or (prefix and not volume.labels and volume.name.startswith(prefix))
        ]

    def make_volumes(self, plan: ServerPlan) -> Sequence[str]:
        """Make the plan's missing volumes, all or none, and return their names."""
        self._open_directory(self._place.volumes)
        made: list[str] = []
        try:
            for mount in plan.mounts:
                if mount.kind is MountKind.BIND:
                    _demand(mount)
                elif self._place.volume(mount.source).exists():
                    self._demand_own(plan, mount)
                else:
                    made.append(mount.source)
                    self._make_volume(plan, mount)
        except BaseException:
            for name in made:
                self.remove_volume(name)
            raise
        return made

    def _make_volume(self, plan: ServerPlan, mount: Mount) -> None:
        labels = plan.volume_labels.get(mount.source, {})
        files.replace(self._label_file(mount.source), json.dumps(dict(labels)))
        owner = account(plan.ref.owner.id, os.geteuid())
        _give(self._place.volume(mount.source), owner, shared=mount.shared)

    def _demand_own(self, plan: ServerPlan, mount: Mount) -> None:
        """Refuse a volume whose labels name another user."""
        owner = self._labels(mount.source).get(USER_ID)
        if owner not in (None, str(plan.ref.owner.id)):
            raise EngineError(
                f"Volume {mount.source!r} belongs to another user.",
                remedy="Tell your administrator; the volume was left as it is.",
            )

    def check_unused(self, name: str, labs: Iterable[Record]) -> None:
        """Raise ``Busy`` when one of ``labs`` has the volume, ``NotFound`` when there is none."""
        if not self._place.volume(name).is_dir():
            raise NotFound(f"There is no volume {name!r}.", remedy="See the list of volumes.")
        for lab in labs:
            if any(m.source == name and m.kind is MountKind.VOLUME for m in lab.mounts):
                raise Busy(
                    f"Volume {name!r} is used by lab {lab.name!r}.", remedy="Stop that lab first."
                )

    def remove_volume(self, name: str) -> None:
        """Remove a volume and what is in it."""
        directory = self._place.volume(name)
        if directory.exists():
            shutil.rmtree(directory)
        self._label_file(name).unlink(missing_ok=True)

    def _labels(self, name: str) -> Mapping[str, str]:
        try:
            labels: dict[str, str] = json.loads(self._label_file(name).read_text())
        except FileNotFoundError:
            return {}
        except ValueError as error:
            raise EngineError(
                f"The labels of volume {name!r} cannot be read: {error}.",
                remedy=f"Put {self._label_file(name)} right.",
            ) from None
        return labels

    def _label_file(self, name: str) -> Path:
        return self._place.volumes / f"{name}{_LABELS}"

    def _open_directory(self, path: Path) -> None:
        """Make a directory that labs may pass through: they have accounts of their own."""
        path.mkdir(mode=0o711, parents=True, exist_ok=True)
        if os.geteuid() == 0:
            self._place.root.chmod(0o711)
            path.chmod(0o711)


def _names(directory: Path) -> Sequence[str]:
    if not directory.is_dir():
        return []
    return sorted(p.name for p in directory.iterdir() if p.is_dir() and not p.name.startswith("."))


def _give(directory: Path, owner: Account | None, *, shared: bool = False) -> None:
    """Make a directory that belongs to a lab's account, or to all labs when ``shared``."""
    directory.mkdir(mode=0o700)
    if owner is not None and shared:
        os.chown(directory, 0, owner.shared_gid)
        directory.chmod(0o2770)
    elif owner is not None:
        os.chown(directory, owner.uid, owner.uid)


def _demand(mount: Mount) -> None:
    if not Path(mount.source).is_dir():
        raise EngineError(
            f"There is no directory {mount.source!r} to mount at {mount.target!r}.",
            remedy="Make it, or correct the settings.",
        )
