"""Which public keys are taken, against keys that OpenSSH made."""

from __future__ import annotations

import base64
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from labyard.core.errors import Refused
from labyard.ssh.keys import LONGEST_LABEL, parse

MakeKey = Callable[..., Path]


def public(file: Path) -> str:
    return file.with_name(file.name + ".pub").read_text()


@pytest.mark.parametrize(
    "options",
    [
        ("-t", "ed25519"),
        ("-t", "ecdsa", "-b", "256"),
        ("-t", "ecdsa", "-b", "521"),
        ("-t", "rsa", "-b", "3072"),
    ],
    ids="-".join,
)
def test_keys_of_openssh_are_taken_with_its_fingerprint(
    make_key: MakeKey, options: tuple[str, ...]
) -> None:
    file = make_key("good-" + "-".join(options), *options)
    key = parse(public(file))
    shown = subprocess.run(
        ["ssh-keygen", "-l", "-f", f"{file}.pub"], capture_output=True, text=True, check=True
    ).stdout
    assert key.fingerprint == shown.split()[1]
    assert f"{key.kind} {key.blob}" == " ".join(public(file).split()[:2])
    assert key.label == "anna@desk"
    assert parse(public(file), label="my laptop").label == "my laptop"


def security_key(kind: str, *middle: bytes) -> str:
    parts = [kind.encode(), *middle, b"ssh:"]
    raw = b"".join(struct.pack(">I", len(part)) + part for part in parts)
    return f"{kind} {base64.b64encode(raw).decode()} yubikey"


def test_security_keys_are_taken(make_key: MakeKey) -> None:
    plain = base64.b64decode(public(make_key("sk", "-t", "ed25519")).split()[1])[-32:]
    assert parse(security_key("sk-ssh-ed25519@openssh.com", plain)).label == "yubikey"
    point = base64.b64decode(public(make_key("ske", "-t", "ecdsa")).split()[1])[-65:]
    key = parse(security_key("sk-ecdsa-sha2-nistp256@openssh.com", b"nistp256", point))
    assert key.kind == "sk-ecdsa-sha2-nistp256@openssh.com"


@pytest.mark.parametrize("format", ["RFC4716", "PEM"])
def test_a_private_key_is_refused_loudly_and_never_repeated(make_key: MakeKey, format: str) -> None:
    file = make_key(f"private-{format}", "-t", "rsa", "-b", "3072", "-m", format)
    for text in (file.read_text(), public(file) + file.read_text()):
        with pytest.raises(Refused, match="private key") as refused:
            parse(text)
        assert "make a new pair" in refused.value.remedy
        assert not any(line in str(refused.value) for line in text.splitlines() if len(line) > 40)


def test_puttys_private_key_is_one_too() -> None:
    with pytest.raises(Refused, match="private key"):
        parse("PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n")


@pytest.mark.parametrize(
    ("options", "words"),
    [(("-t", "rsa", "-b", "2048"), "2048 bits"), (("-t", "dsa"), "too weak")],
)
def test_weak_keys_are_refused(make_key: MakeKey, options: tuple[str, ...], words: str) -> None:
    with pytest.raises(Refused, match=words):
        parse(public(make_key("weak" + options[1] + options[-1], *options)))


@pytest.mark.parametrize(
    "options",
    ['command="rm -rf /"', "no-pty", 'from="10.0.0.*",no-pty', "cert-authority"],
)
def test_options_are_refused(make_key: MakeKey, options: str) -> None:
    with pytest.raises(Refused, match="Options"):
        parse(f"{options} {public(make_key('opts', '-t', 'ed25519'))}")


def test_damage_is_told(make_key: MakeKey) -> None:
    kind, blob, comment = public(make_key("damage", "-t", "ed25519")).split()
    raw = base64.b64decode(blob)
    for bad in (
        "",
        "\n\n",
        "hello",
        kind,
        f"{kind} {blob[:-8]} {comment}",
        f"{kind} {blob}%% {comment}",
        f"ssh-rsa {blob}",
        f"{kind} {base64.b64encode(raw + b'x').decode()}",
        f"{kind} {blob}\n{kind} {blob}",
        f"{kind} {blob} " + "x" * 20_000,
        "ssh-ed25519-cert-v01@openssh.com AAAA",
        "---- BEGIN SSH2 PUBLIC KEY ----",
    ):
        with pytest.raises(Refused) as refused:
            parse(bad)
        assert refused.value.remedy


def test_a_label_is_one_bounded_visible_line(make_key: MakeKey) -> None:
    line = public(make_key("label", "-t", "ed25519"))
    label = parse(line, label="\u202e<b>my\x00\tkey</b>\n" + "y" * 100).label
    assert label.startswith("<b>my key</b> yyy")
    assert len(label) <= LONGEST_LABEL
    assert parse(" ".join(line.split()[:2]), label="\u200b").label == "ssh-ed25519"


def test_rsa_keys_that_openssh_would_not_take_are_refused() -> None:
    def number(value: int) -> bytes:
        raw = value.to_bytes(value.bit_length() // 8 + 1, "big")
        return struct.pack(">I", len(raw)) + raw

    raw = struct.pack(">I", 7) + b"ssh-rsa" + number(65537) + number(2**20_000 + 1)
    with pytest.raises(Refused, match="20001 bits"):
        parse(f"ssh-rsa {base64.b64encode(raw).decode()}")
