"""What is done inside volumes, by a short-lived process that can reach nothing else.

Run as a program (``python3 -I errand.py JSON``), in a container where it is passed as text, so it needs
the standard library of any Python from 3.8 alone. Its orders are one JSON object, its answer another:
``{"done": …}``, or ``{"refused": sentence, "remedy": sentence}``.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
import sys
import tarfile
import time

BLOCK = 512  # bytes that a file system counts in
# Begins the directories that uploads are gathered in, at a volume's top.
SCRATCH = ".labyard-upload-"
_FEW = 4  # such directories of one volume that are told at once
_ASIDE = "old"  # in a scratch directory: what was in the way; beside it, NEW: what came
NEW = "new"
_NAMED = 5  # names that a refusal tells


class Refusal(Exception):
    """What was asked for cannot be; ``remedy`` says what to do."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.remedy = remedy


# -- measuring --------------------------------------------------------------------------------------


def measure(places: list[str], seconds: float) -> list[tuple[int, int, bool] | None]:
    """Return bytes on disk, files, and whether all was seen, for each of ``places`` that is there.

    Each gets an equal share of the ``seconds`` that are left when its turn comes.
    """
    end = time.monotonic() + seconds
    found = []
    for at, place in enumerate(places):
        now = time.monotonic()
        found.append(_measured(place, now + max(0.0, end - now) / (len(places) - at)))
    return found


def survey(places: list[str], seconds: float) -> dict[str, list]:  # type: ignore[type-arg]
    """Return what :func:`measure` does, and which directories uploads have or left in each place."""
    return {"sizes": measure(places, seconds), "uploads": [_uploads(place) for place in places]}


def _uploads(place: str) -> list[str]:
    try:
        names = os.listdir(place)
    except OSError:
        return []
    return sorted(name for name in names if name.startswith(SCRATCH))[:_FEW]


def _measured(place: str, deadline: float) -> tuple[int, int, bool] | None:
    if not os.path.isdir(place):
        return None
    total, files, linked, left = os.lstat(place).st_blocks, 0, set(), [place]
    while left:
        if time.monotonic() > deadline:
            return total * BLOCK, files, False
        for name, about in _inside(left.pop()):
            if stat.S_ISDIR(about.st_mode):
                left.append(name)
            else:
                files += 1
            if about.st_nlink > 1 and not stat.S_ISDIR(about.st_mode):
                if (about.st_dev, about.st_ino) in linked:
                    continue
                linked.add((about.st_dev, about.st_ino))
            total += about.st_blocks
    return total * BLOCK, files, True


def _inside(directory: str) -> list[tuple[str, os.stat_result]]:
    """Return what a directory holds; what goes away while it is looked at is not there."""
    found = []
    try:
        with os.scandir(directory) as entries:
            for entry in entries:
                try:
                    found.append((entry.path, entry.stat(follow_symlinks=False)))
                except OSError:
                    continue
    except OSError:
        pass
    return found


# -- putting files where they belong ----------------------------------------------------------------


def keep(root: str, scratch: str, folder: str, overwrite: bool) -> int:
    """Move what lies in ``scratch``/new into ``folder`` of ``root``; return how many moves that took.

    All is moved or nothing. What is overwritten waits in ``scratch``/old until all is done.
    """
    root = os.path.realpath(root)
    into = os.path.normpath(os.path.join(root, folder))
    if os.path.realpath(into) != into or not _below(into, root):
        raise Refusal(f"The folder {folder} leads through a link.", "Choose one that does not.")
    moves: list[tuple[str, str]] = []
    clashes: list[str] = []
    _compare(os.path.join(scratch, NEW), into, overwrite, moves, clashes)
    if clashes:
        names = [os.path.relpath(name, root) for name in sorted(clashes)]
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        raise Refusal(
            f"Already there: {', '.join(names[:_NAMED])}{more}.",
            "Tick 'Overwrite' to replace files, choose another folder, or rename what is in the way.",
        )
    _move(moves, into, root, os.path.join(scratch, _ASIDE))
    drop(scratch)
    return len(moves)


def _below(path: str, root: str) -> bool:
    return path == root or path.startswith(root + os.sep)


def _compare(
    come: str, there: str, overwrite: bool, moves: list[tuple[str, str]], clashes: list[str]
) -> None:
    """Collect what to move, and what is in its way. Directories are merged, links never followed."""
    with os.scandir(come) as entries:
        for entry in entries:
            target = os.path.join(there, entry.name)
            directory = entry.is_dir(follow_symlinks=False)
            if not os.path.lexists(target):
                moves.append((entry.path, target))
            elif directory and _is_directory(target):
                _compare(entry.path, target, overwrite, moves, clashes)
            elif overwrite and not directory and not _is_directory(target):
                moves.append((entry.path, target))
            else:
                clashes.append(target)


def _is_directory(path: str) -> bool:
    return stat.S_ISDIR(os.lstat(path).st_mode)


def _move(moves: list[tuple[str, str]], into: str, root: str, aside: str) -> None:
    """Carry out ``moves``, or take back those that were."""
    done: list[tuple[str, str]] = []
    made: list[str] = []
    try:
        while not os.path.lexists(into):
            missing = into
            while not os.path.lexists(os.path.dirname(missing)):
                missing = os.path.dirname(missing)
            os.mkdir(missing)
            made.append(missing)
        for source, target in moves:
            if os.path.lexists(target):
                old = os.path.join(aside, os.path.relpath(target, root))
                os.makedirs(os.path.dirname(old), exist_ok=True)
                os.rename(target, old)
                done.append((target, old))
            os.rename(source, target)
            done.append((source, target))
    except OSError as error:
        for before, after in reversed(done):
            os.rename(after, before)
        for directory in reversed(made):
            os.rmdir(directory)
        raise Refusal(
            f"The files cannot be put there: {error.strerror}"
            f" ({os.path.relpath(str(error.filename), root)}).",
            "See who may write in that folder, and that the volume has room.",
        ) from None


def put_back(root: str, scratch: str) -> None:
    """Undo a move that was killed, as far as overwritten files go, and remove the scratch directory."""
    aside = os.path.join(scratch, _ASIDE)
    for directory, folders, files in os.walk(aside):
        links = [f for f in folders if os.path.islink(os.path.join(directory, f))]
        for name in files + links:
            old = os.path.join(directory, name)
            target = os.path.join(root, os.path.relpath(old, aside))
            if not os.path.lexists(target) and os.path.isdir(os.path.dirname(target)):
                os.rename(old, target)
    drop(scratch)


def drop(scratch: str) -> None:
    """Remove a scratch directory, whatever is in it."""
    if os.path.lexists(scratch):
        shutil.rmtree(scratch)


# -- where there is no engine that reads and writes tars --------------------------------------------


def pack(root: str, folder: str, name: str) -> None:
    """Write a tar of ``folder`` in ``root`` to the output; a file that changes keeps its length."""
    place = os.path.normpath(os.path.join(os.path.realpath(root), folder))
    if os.path.realpath(place) != place or not os.path.isdir(place):
        raise Refusal(f"There is no folder {folder}.", "See the folders of the volume.")
    with tarfile.open(fileobj=sys.stdout.buffer, mode="w|", format=tarfile.PAX_FORMAT) as tar:
        for directory, folders, files in os.walk(place):
            inside = os.path.normpath(os.path.join(name, os.path.relpath(directory, place)))
            _add(tar, directory, inside)
            links = [f for f in folders if os.path.islink(os.path.join(directory, f))]
            for file in sorted(files + links):
                _add(tar, os.path.join(directory, file), os.path.join(inside, file))


def _add(tar: tarfile.TarFile, path: str, name: str) -> None:
    try:
        entry = tar.gettarinfo(path, name)
        if not entry.isreg():
            if entry.isdir() or entry.issym() or entry.islnk():
                tar.addfile(entry)
            return
        with open(path, "rb") as content:
            tar.addfile(entry, _Padded(content))  # type: ignore[arg-type]
    except FileNotFoundError:
        return  # gone meanwhile


class _Padded:
    """A file that never ends: zeros follow, should it have become shorter meanwhile."""

    def __init__(self, file) -> None:  # type: ignore[no-untyped-def]
        self._file = file

    def read(self, size: int, /) -> bytes:
        content: bytes = self._file.read(size)
        return content + bytes(size - len(content))


def unpack(scratch: str) -> None:
    """Unpack the tar that comes in into ``scratch``/new; what is in it was checked."""
    new = os.path.join(scratch, NEW)
    os.makedirs(new, 0o700)
    times = []
    with tarfile.open(fileobj=sys.stdin.buffer, mode="r|") as tar:
        for entry in tar:
            tar.extract(entry, new, set_attrs=not entry.isdir(), numeric_owner=True)
            if entry.isdir():
                times.append((os.path.join(new, entry.name), entry))
    for path, entry in reversed(times):
        os.chmod(path, entry.mode)
        os.utime(path, (entry.mtime, entry.mtime))


# -- orders -----------------------------------------------------------------------------------------


def run(do: str, **orders):  # type: ignore[no-untyped-def]
    """Do one thing and return what came of it."""
    acts = {f.__name__: f for f in (survey, keep, put_back, drop, pack, unpack)}
    return acts[do](**orders)


def _readable(text: str) -> str:
    """Return words that can be shown: names in a volume may hold anything, even what is no text."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def become(uid: int, gid: int, groups: list[int]) -> None:
    """Be somebody else from now on."""
    os.setgroups(groups)
    os.setgid(gid)
    os.setuid(uid)


def main() -> None:
    """Carry out the orders of the command line."""
    orders = json.loads(sys.argv[-1])
    if "become" in orders:
        become(*orders.pop("become"))
    os.umask(0o022)
    out = sys.stderr if orders["do"] == "pack" else sys.stdout
    try:
        answer = {"done": run(**orders)}
    except Refusal as refusal:
        answer = {"refused": _readable(str(refusal)), "remedy": refusal.remedy}
    except OSError as error:
        answer = {"refused": _readable(f"{error}."), "remedy": "See that the volume has room."}
    print(json.dumps(answer), file=out)


if __name__ == "__main__":
    main()
