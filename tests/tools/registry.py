"""A real image registry (Debian's docker-registry) on loopback, which engines take without TLS."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import socket
import subprocess
import tarfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_CONFIG = """
version: 0.1
storage: {{filesystem: {{rootdirectory: {root}}}}}
http: {{addr: 127.0.0.1:{port}}}
log: {{level: error}}
"""
_GUARDED = "auth: {{htpasswd: {{realm: closed, path: {root}/htpasswd}}}}\n"


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def registry(root: Path, *, guarded: bool = False) -> Iterator[str]:
    """Serve an empty registry; yield its ``host:port``. A ``guarded`` one lets nobody in."""
    program = shutil.which("docker-registry")
    assert program, "docker-registry is not installed: apt-get install docker-registry"
    root.mkdir(parents=True, exist_ok=True)
    port, config = free_port(), root / "config.yml"
    (root / "htpasswd").touch()
    text = _CONFIG + (_GUARDED if guarded else "")
    config.write_text(text.format(root=root, port=port))
    with (root / "log").open("wb") as log:
        server = subprocess.Popen(
            [program, "serve", str(config)], stdout=subprocess.DEVNULL, stderr=log
        )
    try:
        _wait(server, port, root / "log")
        yield f"127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(10)


def _wait(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert server.poll() is None, log.read_text()
        time.sleep(0.1)
    raise AssertionError("the registry never listened")


def layer(size: int) -> bytes:
    """Return a tar that no engine has seen and no compression makes small."""
    content = os.urandom(size)
    entry = tarfile.TarInfo("content")
    entry.size = len(content)
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        tar.addfile(entry, io.BytesIO(content))
    return archive.getvalue()


class SlowLine:
    """Passes connections on to ``target`` (``host:port``), with so many bytes a second back."""

    def __init__(self, target: str, rate: int) -> None:
        host, _, port = target.rpartition(":")
        self._target, self.rate = (host, int(port)), rate
        self._server = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._server.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Take no more connections."""
        self._server.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._server.accept()
                there = socket.create_connection(self._target)
                for source, sink, rate in ((client, there, 0), (there, client, self.rate)):
                    threading.Thread(
                        target=_pass_on, args=(source, sink, rate), daemon=True
                    ).start()


def _pass_on(source: socket.socket, sink: socket.socket, rate: int) -> None:
    with contextlib.suppress(OSError), source, sink:
        while data := source.recv(65536):
            sink.sendall(data)
            if rate:
                time.sleep(len(data) / rate)
        sink.shutdown(socket.SHUT_WR)
