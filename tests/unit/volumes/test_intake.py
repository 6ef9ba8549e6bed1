"""What people may send: everything honest goes through whole, everything hostile is named and refused."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random
import tarfile
import zipfile
from collections.abc import Callable, Iterable
from tarfile import BLOCKSIZE, TarInfo

import pytest

from labyard.core.errors import Refused
from labyard.volumes.admission import Admission, Limits
from labyard.volumes.intake import Intake, Outgoing

LIMITS = Limits(10 * 2**20, 1000)
ODD = ("sp ace", "ü", "\U0001f600", "'\"$(x)`", "line\nbreak", "-rf", "a" * 200, "b/" * 90 + "deep")


def entry(name: str, kind: bytes = tarfile.REGTYPE, **more: object) -> TarInfo:
    info = TarInfo(name)
    info.type = kind
    info.mode = 0o755 if kind == tarfile.DIRTYPE else 0o640
    for key, value in more.items():
        setattr(info, key, value)
    return info


def archive(
    *entries: TarInfo | tuple[str, bytes], format: int = tarfile.PAX_FORMAT, **options: object
) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=format, **options) as tar:  # type: ignore[call-overload]
        for given in entries:
            if isinstance(given, TarInfo):
                tar.addfile(given, io.BytesIO(bytes(given.size)))
            else:
                info = entry(given[0], size=len(given[1]))
                tar.addfile(info, io.BytesIO(given[1]))
    return made.getvalue()


def pieces(content: bytes, seed: int = 1) -> Iterable[bytes]:
    """Cut anywhere, as a network does."""
    dice, at = random.Random(seed), 0
    while at < len(content):
        size = dice.choice((1, 7, 511, 512, 513, 4096, 70_000))
        yield content[at : at + size]
        at += size


def through(content: bytes, *, limits: Limits = LIMITS, **options: bool) -> dict[str, TarInfo]:
    """Return what an archive comes out as, by name, each with its ``content``."""
    intake = Intake(Admission(limits, (1000, 1000), **options))
    clean = b"".join(
        [*(out for piece in pieces(content) for out in intake.archive(piece)), *intake.finish()]
    )
    with tarfile.open(fileobj=io.BytesIO(clean)) as tar:
        found = {}
        for info in tar:
            held = tar.extractfile(info) if info.isreg() else None
            info.pax_headers = {"content": held.read() if held else b""}  # type: ignore[dict-item]
            found[info.name] = info
    return found


def content(info: TarInfo) -> object:
    return info.pax_headers["content"]


@pytest.mark.parametrize("wrap", [bytes, gzip.compress, bz2.compress, lzma.compress])
@pytest.mark.parametrize("format", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_honest_archives_go_through_whole(wrap: Callable[[bytes], bytes], format: int) -> None:
    big = random.Random(0).randbytes(3 * 2**20)
    given = archive(
        entry("empty", tarfile.DIRTYPE),
        ("big.bin", big),
        *((name, name.encode()) for name in ODD),
        ("none", b""),
        entry("to-big", tarfile.SYMTYPE, linkname="big.bin"),
        entry("empty/up", tarfile.SYMTYPE, linkname="../big.bin"),
        entry("same", tarfile.LNKTYPE, linkname="big.bin"),
        format=format,
    )
    found = through(wrap(given))
    above = {"b/" * n + "b" for n in range(90)}
    assert set(found) == above | {"empty", "big.bin", *ODD, "none", "to-big", "empty/up", "same"}
    assert content(found["big.bin"]) == big
    assert all(content(found[name]) == name.encode() for name in ODD)
    assert (found["to-big"].linkname, found["same"].linkname) == ("big.bin", "big.bin")
    assert {(i.uid, i.gid, i.uname) for i in found.values()} == {(1000, 1000, "")}


def test_names_that_are_not_utf8_are_kept() -> None:
    given = archive((b"\xff\xfe-old".decode(errors="surrogateescape"), b"x"))
    assert list(through(given)) == ["\udcff\udcfe-old"]


def test_several_gzip_members_are_one_archive() -> None:
    given = archive(("a", b"1"), ("b", b"2"))
    assert set(through(gzip.compress(given[:700]) + gzip.compress(given[700:]))) == {"a", "b"}


def test_rights_are_the_persons_own() -> None:
    given = archive(
        entry("dir", tarfile.DIRTYPE, mode=0o3000), entry("x", mode=0o111), entry("y", mode=0o666)
    )
    assert {n: oct(i.mode) for n, i in through(given).items()} == {
        "dir": "0o700",
        "x": "0o711",
        "y": "0o666",
    }


def test_the_top_folder_can_be_left_out() -> None:
    given = archive(
        entry("box", tarfile.DIRTYPE),
        ("box/a", b"1"),
        entry("box/l", tarfile.LNKTYPE, linkname="box/a"),
        ("./box/d/b", b"2"),
    )
    found = through(given, strip=True)
    assert set(found) == {"a", "l", "d", "d/b"}
    assert found["l"].linkname == "a"
    with pytest.raises(Refused, match="top has no folder"):
        through(archive(("top", b"")), strip=True)


def test_links_that_lead_elsewhere_can_be_left_out() -> None:
    given = archive(
        ("a", b"1"),
        entry("venv/python", tarfile.SYMTYPE, linkname="/usr/bin/python3"),
        entry("up", tarfile.SYMTYPE, linkname="../a"),
        entry("a-too", tarfile.SYMTYPE, linkname="a"),
    )
    with pytest.raises(Refused, match="venv/python is a link that leads out"):
        through(given)
    assert set(through(given, drop_links=True)) == {"a", "a-too"}


def test_folders_that_did_not_come_are_the_persons_too() -> None:
    found = through(archive(("x/y/z", b"1"), ("x/w", b"2")))
    assert list(found) == ["x", "x/y", "x/y/z", "x/w"]
    assert {(i.uid, i.gid) for i in found.values()} == {(1000, 1000)}


HOSTILE: dict[str, tuple[bytes, str]] = {
    "climbing": (archive(("../evil", b"x")), r"\.\./evil leads out"),
    "climbing-within": (archive(("a/../../evil", b"x")), "leads out"),
    "absolute": (archive(("/etc/evil", b"x")), "/etc/evil has an absolute path"),
    "no-name": (archive(("", b"x")), "no possible name"),
    "only-dots": (archive(("./.", b"x")), "top folder|possible name|folder to leave"),
    "null-in-name": (
        archive(entry("x", pax_headers={"path": "a\0b"})),
        r"a\\x00b has no possible name",
    ),
    "long-name": (archive(("n" * 300, b"x")), "too long a name"),
    "long-path": (archive(("d/" * 2500 + "x", b"x")), "too long a name"),
    "huge-pax-name": (archive(("n/" * 200_000, b"x")), "name in the archive is too long"),
    "additions-without-end": (
        b"".join(
            entry("x", pax_headers={f"k{n}": "v" * 10_000}).tobuf()[:-BLOCKSIZE] for n in range(30)
        ),
        "name in the archive is too long",
    ),
    "character-device": (archive(entry("dev", tarfile.CHRTYPE, devmajor=1)), "dev is a device"),
    "block-device": (archive(entry("dev", tarfile.BLKTYPE)), "dev is a device"),
    "pipe": (archive(entry("pipe", tarfile.FIFOTYPE)), "pipe is a pipe"),
    "unknown-type": (archive(entry("z", b"Z")), "kind that is not known"),
    "setuid": (archive(entry("su", mode=0o4755)), "su runs with somebody else's rights"),
    "setgid": (archive(entry("sg", mode=0o2755)), "sg runs with somebody else's rights"),
    "link-absolute": (
        archive(entry("l", tarfile.SYMTYPE, linkname="/etc/passwd")),
        "l is a link that leads out of the archive, to /etc/passwd",
    ),
    "link-up": (archive(entry("d/l", tarfile.SYMTYPE, linkname="../../x")), "leads out"),
    "link-through-link": (
        archive(
            entry("a/l", tarfile.SYMTYPE, linkname=".."),
            entry("m", tarfile.SYMTYPE, linkname="a/l/.."),
        ),
        "m is a link that leads out",
    ),
    "link-nowhere": (archive(entry("l", tarfile.SYMTYPE, linkname="")), "leads out"),
    "through-a-link": (
        archive(entry("l", tarfile.SYMTYPE, linkname="d"), ("l/evil", b"x")),
        "l/evil lies in l, which is no folder",
    ),
    "through-a-file": (archive(("f", b""), ("f/evil", b"x")), "lies in f"),
    "hard-link-out": (
        archive(entry("h", tarfile.LNKTYPE, linkname="/etc/passwd")),
        "h has an absolute path|link to a file",
    ),
    "hard-link-up": (archive(entry("h", tarfile.LNKTYPE, linkname="../x")), "leads out"),
    "hard-link-before": (
        archive(entry("h", tarfile.LNKTYPE, linkname="later"), ("later", b"")),
        "h is a link to a file that did not come before",
    ),
    "hard-link-to-link": (
        archive(
            ("f", b""),
            entry("s", tarfile.SYMTYPE, linkname="f"),
            entry("h", tarfile.LNKTYPE, linkname="s"),
        ),
        "h is a link to a file",
    ),
    "twice": (archive(("a", b"1"), ("./a", b"2")), "a comes twice"),
    "folder-then-link": (
        archive(("d/x", b""), entry("d", tarfile.SYMTYPE, linkname="y")),
        "d comes twice",
    ),
    "our-own-name": (archive((".labyard-upload-1/new/x", b"")), "which uploads themselves use"),
    "too-many": (archive(*((f"f{n}", b"") for n in range(1001))), "more than 1000 files"),
    "too-large": (archive(("big", bytes(11 * 2**20))), "more than 10 MB"),
    "bomb": (gzip.compress(archive(("big", bytes(60 * 2**20)))), "more than 10 MB"),
    "bomb-after-the-end": (gzip.compress(bytes(17 * 2**20)), "goes on after its end"),
    "bomb-in-bomb": (
        gzip.compress(gzip.compress(archive(("big", bytes(60 * 2**20))))),
        "not a tar",
    ),
    "size-that-lies": (archive(("a", b"x"), format=tarfile.USTAR_FORMAT)[:600], "breaks off"),
    "negative-size": (archive(entry("x", pax_headers={"size": "-1"})), "negative"),
    "size-no-number": (archive(entry("x", pax_headers={"size": "many"})), "damaged"),
    "sparse": (archive(entry("x", pax_headers={"GNU.sparse.major": "1"})), "with holes"),
    "sparse-old": (archive(entry("x", tarfile.GNUTYPE_SPARSE)), "with holes"),
    "one-name-for-all": (archive(("a", b""), pax_headers={"path": "../evil"}), "all entries"),
    "not-a-tar": (b"Hello, this is a text file.\n" * 100, "not a tar"),
    "cut-gzip": (gzip.compress(archive(("a", b"x")))[:-20], "breaks off|damaged"),
    "broken-gzip": (b"\x1f\x8b\x08\x00garbage" * 10, "damaged"),
    "broken-xz": (b"\xfd7zXZ\0garbage" * 10, "damaged"),
    "empty": (b"", "No file came"),
    "one-byte": (b"x", "breaks off"),
}


def zipped() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as z:
        z.writestr("a", "x")
    return made.getvalue()


HOSTILE["zip"] = (zipped(), "zip file, which cannot be checked")


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_archives_are_refused_by_name(name: str) -> None:
    given, why = HOSTILE[name]
    with pytest.raises(Refused, match=why) as refused:
        through(given)
    assert refused.value.remedy
    assert refused.value.message.isprintable()


def test_a_bomb_is_never_in_memory_as_a_whole() -> None:
    intake = Intake(Admission(Limits(2**40, 10), (1, 1)))
    wrapped = gzip.compress(archive(("zeros", bytes(200 * 2**20))))
    largest = max(len(out) for piece in pieces(wrapped) for out in intake.archive(piece))
    assert largest <= 2**20


def test_random_damage_is_refused_or_harmless() -> None:
    """Whatever bits fall over: no other error, and nothing that leaves the tree."""
    whole = archive(("a/b", b"x" * 700), entry("l", tarfile.SYMTYPE, linkname="a/b"), ("ü", b"y"))
    for seed in range(400):
        dice, broken = random.Random(seed), bytearray(whole)
        for _ in range(dice.randint(1, 8)):
            broken[dice.randrange(len(broken))] = dice.randrange(256)
        try:
            found = through(bytes(broken))
        except Refused:
            continue
        assert not any(name.startswith("/") or ".." in name.split("/") for name in found)


def test_files_become_entries() -> None:
    intake = Intake(Admission(LIMITS, (1000, 1000)))
    sent = {"note ü.txt": b"hello", "none": b"", "block": bytes(512)}
    clean = b""
    for name, held in sent.items():
        clean += b"".join(intake.file(name, len(held))) + held
    clean += b"".join(intake.finish())
    with tarfile.open(fileobj=io.BytesIO(clean)) as tar:
        assert {i.name: tar.extractfile(i).read() for i in tar} == sent  # type: ignore[union-attr]
    with pytest.raises(Refused, match="No file came"):
        list(Intake(Admission(LIMITS, (1, 1))).finish())


@pytest.mark.parametrize("top", ["home", "", "./"])
def test_a_download_has_the_name_that_people_see(top: str) -> None:
    tops = f"{top}/" if top == "home" else "/" if not top else "./"
    made = archive(
        entry(top or "/", tarfile.DIRTYPE),
        (f"{tops}a", b"1"),
        entry(f"{tops}h", tarfile.LNKTYPE, linkname=f"{tops}a"),
        entry(f"{tops}s", tarfile.SYMTYPE, linkname="a"),
    )
    outgoing = Outgoing("workspace")
    out = b"".join(p for piece in pieces(made) for p in outgoing.feed(piece)) + outgoing.finish()
    with tarfile.open(fileobj=io.BytesIO(out)) as tar:
        found = {i.name: i.linkname for i in tar}
    assert found == {
        "workspace": "",
        "workspace/a": "",
        "workspace/h": "workspace/a",
        "workspace/s": "a",
    }


def test_a_download_that_breaks_off_is_no_download() -> None:
    made = archive(("home/a", bytes(5000)))
    outgoing = Outgoing("home")
    assert b"".join(p for p in outgoing.feed(made[:4000]))
    with pytest.raises(Refused, match="not whole"):
        outgoing.finish()
