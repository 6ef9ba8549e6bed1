"""Volumes out and in, on a whole installation: through the edge, as a browser and as a program."""

from __future__ import annotations

import gzip
import http.client
import io
import os
import re
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import docker
import pytest
import requests

from labyard.core.models import LAB_USER
from labyard.core.names import ERRAND, INSTALLATION, Names
from labyard.settings.schema import Settings
from tests.tools.person import Person, eventually
from tests.tools.yard import Yard

PAGE = "services/labyard/"
API = f"{PAGE}api/"
MEGABYTE = 2**20
IMAGE = os.environ.get("LABYARD_LABS__IMAGE", Settings().labs.image)


@pytest.fixture(scope="module")
def yard(make_yard: Callable[..., Yard]) -> Yard:
    place = make_yard(uploads={"max_size": "16M", "max_unpacked": "32M", "max_files": 100})
    place.up()
    place.bootstrap()
    return place


@pytest.fixture(scope="module", autouse=True)
def stranger(yard: Yard) -> Iterator[http.client.HTTPConnection]:
    """Somebody who began the page's form, and has sent nothing since: before all tests, to wait for none."""
    where = urlsplit(yard.url)
    connection = http.client.HTTPConnection(str(where.hostname), where.port, timeout=60)
    connection.putrequest("POST", f"{where.path}{PAGE}volumes/upload")
    connection.putheader("Content-Type", "multipart/form-data; boundary=x")
    connection.putheader("Content-Length", str(4 * MEGABYTE))
    connection.endheaders(b'--x\r\nContent-Disposition: form-data; name="_xsrf"\r\n\r\n')
    yield connection
    connection.close()


@pytest.fixture(scope="module")
def anna(yard: Yard) -> Person:
    """Somebody whose volumes are there, and whose server is stopped."""
    person = yard.member("anna")
    person.run()
    person.write("made-in-the-lab.txt", "42")
    person.halt()
    return person


def ask(person: Person, method: str, path: str, **options: Any) -> requests.Response:
    headers = {"Authorization": f"token {person.token}", **options.pop("headers", {})}
    return requests.request(
        method, person.url + API + path, headers=headers, timeout=120, **options
    )


def packed(**files: bytes) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name.replace("__", "/"))
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return made.getvalue()


def unpacked(content: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        return {i.name: tar.extractfile(i).read() for i in tar if i.isreg()}  # type: ignore[union-attr]


def token(person: Person) -> str:
    found = re.search(r'name="_xsrf" value="([^"]+)"', person.get(PAGE).text)
    assert found
    return found[1]


def send(
    person: Person, files: list[tuple[str, bytes]], *, xsrf: str | None = None, **fields: str
) -> requests.Response:
    """Send the page's form."""
    told = {"_xsrf": token(person) if xsrf is None else xsrf, "volume": "workspace", **fields}
    return person.http.post(
        f"{person.url}{PAGE}volumes/upload",
        data=told,
        files=[("files", given) for given in files],
        timeout=120,
    )


def errands(client: docker.DockerClient, place: Yard) -> Iterator[str]:
    label = [f"{INSTALLATION}={place.installation}", ERRAND]
    for container in client.containers.list(all=True, sparse=True, filters={"label": label}):
        yield container.id


def with_a_hole(client: docker.DockerClient, volume: str) -> None:
    """Put a file of 4 GB that holds nothing into a volume."""
    client.containers.run(
        IMAGE,
        ["-c", "import os; os.truncate(os.open('/v/hole', os.O_CREAT | os.O_WRONLY), 2**32)"],
        entrypoint="python3",
        user=LAB_USER,
        network_mode="none",
        volumes={volume: {"bind": "/v"}},
        remove=True,
    )


def test_what_a_lab_wrote_comes_out_and_what_is_sent_is_there_in_the_lab(
    anna: Person, yard: Yard, engine_client: docker.DockerClient
) -> None:
    big = bytes(range(256)) * (20 * 1024)  # 5 MB: more than any other page takes
    said = send(anna, [("big.bin", big), ("ü note.txt", b"hello")], folder="/data/in/")
    assert "2 files uploaded" in said.text, said.text[:2000]

    answer = anna.get(f"{PAGE}volumes/download?volume=workspace")
    assert re.fullmatch(
        r'attachment; filename="workspace-\d{4}-\d\d-\d\d\.tar\.gz"',
        answer.headers["Content-Disposition"],
    )
    found = unpacked(answer.content)
    assert found["workspace/made-in-the-lab.txt"] == b"42"
    assert found["workspace/data/in/big.bin"] == big
    part = ask(anna, "GET", "users/anna/volumes/workspace/archive?folder=data/in&format=tar")
    assert unpacked(part.content) == {"in/big.bin": big, "in/ü note.txt": b"hello"}
    assert part.headers["Content-Disposition"].endswith('.tar"')

    anna.run()
    assert anna.read("data/in/ü note.txt") == "hello"
    anna.write("data/in/ü note.txt", "changed in the lab")
    while_running = anna.get(f"{PAGE}volumes/download?volume=workspace&folder=data/in")
    assert unpacked(while_running.content)["in/ü note.txt"] == b"changed in the lab"
    anna.halt()
    eventually(lambda: not list(errands(engine_client, yard)), 30, "no errand is left")


def test_an_archive_that_came_out_goes_in_again(anna: Person) -> None:
    out = anna.get(f"{PAGE}volumes/download?volume=workspace").content
    whole = unpacked(out)
    options = {"unpack": "on", "strip": "on"}
    assert "Already there" in send(anna, [("a.tar.gz", out)], **options).text
    said = send(anna, [("a.tar.gz", out)], **options, overwrite="on").text
    assert f"{len(whole)} files uploaded" in said
    answer = ask(anna, "POST", "users/anna/volumes/workspace/upload?folder=copy&strip=1", data=out)
    assert answer.json() == {"user": "anna", "volume": "workspace", "files": len(whole)}
    again = unpacked(anna.get(f"{PAGE}volumes/download?volume=workspace&folder=copy").content)
    assert {n.removeprefix("copy"): c for n, c in again.items()} == {
        n.removeprefix("workspace"): c for n, c in whole.items()
    }


def test_a_running_server_keeps_files_out_and_the_page_says_so(anna: Person) -> None:
    before = token(anna)
    anna.run()
    page = anna.get(f"{PAGE}volumes").text
    assert "in use, stop your server first" in page
    assert "upload-form" not in anna.get(f"{PAGE}volume/workspace").text
    assert "Stop your servers" in send(anna, [("late.txt", b"x")], xsrf=before).text
    refused = ask(anna, "POST", "users/anna/volumes/workspace/upload", data=packed(late=b"x"))
    assert (refused.status_code, refused.json()["error"]) == (409, "busy")
    anna.halt()
    assert "workspace/late.txt" not in unpacked(
        anna.get(f"{PAGE}volumes/download?volume=workspace").content
    )


def test_a_bad_archive_is_refused_by_entry_and_changes_nothing(anna: Person) -> None:
    def listed() -> set[str]:
        return set(unpacked(anna.get(f"{PAGE}volumes/download?volume=workspace").content))

    before = listed()
    bad = packed(good__one=b"1" * MEGABYTE, good__two=b"2", **{"..__evil": b"x"}, z=b"3")
    refused = ask(anna, "POST", "users/anna/volumes/workspace/upload", data=bad)
    assert (refused.status_code, refused.json()["error"]) == (400, "bad-entry")
    assert "../evil leads out of the archive" in refused.json()["message"]
    said = send(anna, [("bad.tar.gz", bad)], unpack="on").text
    assert "../evil leads out of the archive" in said
    bomb = gzip.compress(gzip.decompress(packed(zeros=bytes(40 * MEGABYTE))))
    refused = ask(anna, "POST", "users/anna/volumes/workspace/upload", data=bomb)
    assert "holds more than 32 MB" in refused.json()["message"]
    many = packed(**{f"f{n}": b"" for n in range(101)})
    refused = ask(anna, "POST", "users/anna/volumes/workspace/upload", data=many)
    assert "more than 100 files" in refused.json()["message"]
    assert listed() == before


@pytest.mark.parametrize("way", ["measured", "unmeasured"])
def test_only_uploads_may_be_large_and_they_have_an_end(anna: Person, way: str) -> None:
    def body(size: int) -> Any:
        return bytes(size) if way == "measured" else iter([bytes(65536)] * (size // 65536))

    path = "users/anna/volumes/workspace/upload"
    too_much = ask(anna, "POST", path, data=body(17 * MEGABYTE))
    assert too_much.status_code in (400, 413)
    eventually(  # what was broken off is cleared away first
        # Zeros are an archive without anything in it.
        lambda: ask(anna, "POST", path, data=body(15 * MEGABYTE)).status_code == 200,
        30,
        "an upload below the limit is taken",
    )
    for other in ("users/anna/volumes/reset", "users/anna/volumes/workspace/uploads", path + "/"):
        try:
            refused = ask(anna, "POST", other, data=body(2 * MEGABYTE)).status_code
        except requests.ConnectionError:
            continue
        assert refused in (400, 413)
    assert ask(anna, "PUT", path, data=body(2 * MEGABYTE)).status_code == 413


def test_who_may_not_gets_nothing_in_and_nothing_out(anna: Person, yard: Yard) -> None:
    eve = yard.member("eve")
    for method, path in (
        ("GET", "users/anna/volumes/workspace/archive"),
        ("POST", "users/anna/volumes/workspace/upload"),
        ("POST", "users/anna/volumes/measure"),
    ):
        assert ask(eve, method, path, data=packed(x=b"x")).status_code == 403
        nobody = requests.request(method, anna.url + API + path, data=packed(x=b"x"), timeout=60)
        assert nobody.status_code == 401
    for wrong in ("", "x" * 40, token(eve)):
        assert send(anna, [("forged.txt", b"x")], xsrf=wrong).status_code in (401, 403)
    elsewhere = {"Sec-Fetch-Site": "cross-site"}
    form = f"{anna.url}{PAGE}volumes/upload"
    fields = {"_xsrf": token(anna), "volume": "workspace"}
    forged = anna.http.post(
        form, data=fields, files={"files": ("f", b"x")}, headers=elsewhere, timeout=60
    )
    assert forged.status_code == 403
    late = [("files", ("f", b"x")), ("_xsrf", (None, token(anna)))]  # the token after the file
    assert anna.http.post(form, files=late, timeout=60).status_code in (401, 403)
    download = f"{anna.url}{PAGE}volumes/download?volume=workspace"
    for headers in (elsewhere, {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors"}):
        assert anna.http.get(download, headers=headers, timeout=60).status_code == 403
    out = unpacked(anna.get(f"{PAGE}volumes/download?volume=workspace").content)
    assert not {"workspace/forged.txt", "workspace/f", "workspace/x"} & set(out)


def test_a_stranger_does_not_keep_an_upload_open(
    stranger: http.client.HTTPConnection,
) -> None:
    answer = stranger.getresponse()
    assert answer.status == 408
    assert b"too slowly" in answer.read()


@pytest.mark.parametrize(
    ("key", "folder", "words"),
    [
        ("shared", "", "everybody"),
        ("nothing", "", "no volume nothing"),
        ("workspace", "../etc", "cannot be a folder"),
        ("workspace", ".labyard-upload-x", "an upload's own"),
        ("workspace", "no/such", "no folder no/such"),
    ],
)
def test_what_cannot_be_is_said(anna: Person, key: str, folder: str, words: str) -> None:
    answer = ask(anna, "GET", f"users/anna/volumes/{key}/archive", params={"folder": folder})
    assert answer.status_code in (400, 404)
    assert words in answer.json()["message"]
    assert words.replace("'", "&#39;") in (
        anna.get(f"{PAGE}volumes/download", params={"volume": key, "folder": folder}).text
    )


def test_sizes_are_told_and_measured_anew_on_demand(anna: Person) -> None:
    def size() -> int:
        """Return it, 0 while it is still to be measured."""
        volumes = ask(anna, "GET", "users/anna/volumes").json()["volumes"]
        workspace = next(v for v in volumes if v["name"] == "workspace")
        known = not workspace["measuring"] and workspace["size"]
        return int(known["bytes"]) if known else 0

    eventually(lambda: size() > 0, 90, "it was measured")
    before = size()
    send(anna, [("grown.bin", b"x" * 3 * MEGABYTE)])
    eventually(lambda: size() >= before + 3 * MEGABYTE, 90, "it is measured after an upload")
    again = ask(anna, "POST", "users/anna/volumes/measure")
    assert again.status_code in (200, 202)
    assert "workspace" not in again.json()["measuring"], "it was measured a moment ago"
    only_looks = anna.api(
        "POST",
        "users/anna/tokens",
        json={"scopes": ["read:servers!user", "access:services!service=labyard"]},
    ).json()["token"]
    refused = requests.post(
        f"{anna.url}{API}users/anna/volumes/measure",
        headers={"Authorization": f"token {only_looks}"},
        timeout=60,
    )
    assert refused.status_code == 403
    assert "MB" in anna.get(f"{PAGE}volumes").text


def test_the_command_line_takes_out_and_puts_in(anna: Person, yard: Yard, tmp_path: Path) -> None:
    top = tmp_path / "results"
    (top / "empty").mkdir(parents=True)
    (top / "ü.txt").write_text("from the command line")
    (top / "link").symlink_to("ü.txt")
    said = yard.labyard("volumes", "upload", "anna", "workspace", str(top), "--folder", "cli")
    assert "2 files in workspace" in said.stdout
    again = yard.labyard(
        "volumes", "upload", "anna", "workspace", str(top), "--folder", "cli", check=False
    )
    assert again.returncode != 0
    assert "Already there: cli/results/link" in again.stderr

    out = tmp_path / "out.tar.gz"
    where = ("anna", "workspace", "--folder", "cli/results", "-o", str(out))
    assert str(out) in yard.labyard("volumes", "download", *where).stdout
    assert out.stat().st_mode & 0o777 == 0o600  # somebody's files, for whoever asked alone
    with tarfile.open(out) as tar:
        assert sorted(tar.getnames()) == [
            "results",
            "results/empty",
            "results/link",
            "results/ü.txt",
        ]
    for broken in (("anna", "workspace", "--folder", "no"), ("anna", "shared"), ("nobody", "home")):
        refused = yard.labyard(
            "volumes", "download", *broken, "-o", str(tmp_path / "x"), check=False
        )
        assert refused.returncode != 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.tar.gz", "results"]
    eventually(
        lambda: " KB" in yard.labyard("volumes", "list", "anna").stdout, 60, "sizes are told"
    )


def test_a_volume_that_is_downloaded_is_not_reset(
    anna: Person, yard: Yard, engine_client: docker.DockerClient
) -> None:
    """A hole of 4 GB costs no disk, and no buffer on the way holds that much: the reader decides."""
    names = Names(yard.installation)
    with_a_hole(engine_client, names.volume("anna", "cache"))
    path = "users/anna/volumes/cache/archive?format=tar"
    answer = ask(anna, "GET", path, stream=True)
    next(answer.iter_content(1000))
    refused = ask(anna, "POST", "users/anna/volumes/reset", json={"volumes": ["cache"]})
    assert (refused.status_code, refused.json()["error"]) == (409, "busy")
    assert "being downloaded" in refused.json()["message"]
    answer.close()

    def gone() -> bool:
        done = ask(anna, "POST", "users/anna/volumes/reset", json={"volumes": ["cache"]})
        return done.status_code == 200

    eventually(gone, 60, "the download was given up, and the volume can be reset")
