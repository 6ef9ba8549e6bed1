"""What a contract lab runs: does what it is asked over HTTP and tells what came of it.

Passed to the lab as text (``python3 -c``), so that the suite needs no image of its own.
"""

import json
import os
import socket
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

SECRETS = Path(os.environ.get("LABYARD_SECRETS", "/run/labyard/secrets.json"))


def environ():
    return dict(os.environ)


def secrets():
    about = SECRETS.stat()
    values = json.loads(SECRETS.read_text())
    return {"values": values, "mode": oct(about.st_mode & 0o777), "uid": about.st_uid}


def read(path):
    return Path(path).expanduser().read_text()


def write(path, content):
    return Path(path).expanduser().write_text(content)


def connect(host, port, timeout=3):
    try:
        socket.create_connection((host, port), timeout=timeout).close()
    except OSError as error:
        return f"{type(error).__name__}: {error}"
    return "open"


def run(command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return {"code": done.returncode, "output": done.stdout + done.stderr}


def fork(count):
    children = []
    try:
        for _ in range(count):
            children.append(subprocess.Popen(["sleep", "30"]))
    except OSError as error:
        return str(error)
    finally:
        for child in children:
            child.kill()
            child.wait()
    return "all"


def burn(count):
    return sum(i * i for i in range(count))


ACTS = {f.__name__: f for f in (environ, secrets, read, write, connect, run, fork, burn)}


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        try:
            answer = {"ok": ACTS[asked.pop("do")](**asked)}
        except Exception as error:
            answer = {"error": type(error).__name__ + ": " + str(error)}
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


print("lab program listens", flush=True)
ThreadingHTTPServer(("", int(sys.argv[1])), Handler).serve_forever()
