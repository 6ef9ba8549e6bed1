"""Forms with files, however the network cuts them."""

from __future__ import annotations

import random

import pytest

from labyard.core.errors import Refused
from labyard.web.multipart import Form, Part

TYPE = "multipart/form-data; boundary=----WebKitFormBoundaryAbC"


def form(*parts: tuple[str, bytes]) -> bytes:
    made = b"".join(
        b"------WebKitFormBoundaryAbC\r\nContent-Disposition: form-data; "
        + head.encode()
        + b"\r\n\r\n"
        + content
        + b"\r\n"
        for head, content in parts
    )
    return made + b"------WebKitFormBoundaryAbC--\r\n"


def taken(body: bytes, sizes: tuple[int, ...], seed: int = 0) -> list[tuple[Part, bytes]]:
    read, at, dice = Form(TYPE), 0, random.Random(seed)
    found: list[tuple[Part, bytes]] = []
    while at < len(body):
        size = dice.choice(sizes)
        for piece in read.feed(body[at : at + size]):
            if isinstance(piece, Part):
                found.append((piece, b""))
            else:
                found[-1] = (found[-1][0], found[-1][1] + piece)
        at += size
    assert read.ended
    return found


@pytest.mark.parametrize("sizes", [(1,), (2, 3), (7, 64), (1000,), (65536,)])
def test_fields_and_files_come_out_as_they_went_in(sizes: tuple[int, ...]) -> None:
    tricky = b"\r\n--\r\n------WebKitFormBoundaryAb\r\n--\r\n\r\n" * 3
    body = form(
        ('name="_xsrf"', b"token"),
        ('name="files"; filename="a.bin"\r\nContent-Type: text/plain', tricky),
        ('name="files"; filename="none"', b""),
        ('name="files"; filename="dir/\u00fc %22q%22%0A.txt"', b"\r\n"),
        ('name="files"; filename=""', b""),
    )
    assert taken(body, sizes) == [
        (Part("_xsrf"), b"token"),
        (Part("files", "a.bin"), tricky),
        (Part("files", "none"), b""),
        (Part("files", 'dir/\u00fc "q"\n.txt'), b"\r\n"),
        (Part("files", ""), b""),
    ]


def test_content_is_not_gathered() -> None:
    read = Form(TYPE)
    begin = form(('name="f"; filename="x"', b"")).removesuffix(b"\r\n" + form())
    list(read.feed(begin))
    for _ in range(100):
        given = sum(len(piece) for piece in read.feed(bytes(65536)) if isinstance(piece, bytes))
        assert given > 65000


@pytest.mark.parametrize(
    "kind", ["", "text/plain", "multipart/form-data", 'multipart/form-data; boundary=""']
)
def test_what_is_no_such_form_is_refused(kind: str) -> None:
    with pytest.raises(Refused):
        Form(kind)


@pytest.mark.parametrize(
    "body",
    [
        b"------WebKitFormBoundaryAbCxx" + bytes(100),
        form(("filename=x", b"")),
        b"------WebKitFormBoundaryAbC\r\n" + b"X: y\r\n" * 5000,
        b"------WebKitFormBoundaryAbC\r\n\r\n\r\n",
    ],
)
def test_a_damaged_form_is_refused(body: bytes) -> None:
    with pytest.raises(Refused, match="damaged"):
        taken(body, (64,))


def test_a_form_that_breaks_off_has_not_ended() -> None:
    read = Form(TYPE)
    list(read.feed(form(('name="f"; filename="x"', b"abc"))[:-10]))
    assert not read.ended
