import os
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from labyard.core.models import Mount, Owner, ServerPlan, ServerRef
from labyard.core.names import Names
from labyard.engines.local.engine import LocalEngine

NAMES = Names("tlocal")
TOKEN = secrets.token_hex()
# A lab in small: it leaves a process in a session of its own and serves what it was told.
LAB = """
import http.server, json, os, subprocess, sys
subprocess.Popen(["sleep", "3600"], start_new_session=True)
open("sleeper", "w").write(str(os.getpid()))
secrets = json.load(open(os.environ["LABYARD_SECRETS"]))
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        said = {"environ": dict(os.environ), "secrets": secrets, "uid": os.getuid(), "cwd": os.getcwd()}
        self.send_response(200), self.end_headers(), self.wfile.write(json.dumps(said).encode())
print("listening", flush=True)
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Answer).serve_forever()
"""


def make_plan(
    user_id: int = 1, name: str = "anna", server: str = "", **changes: object
) -> ServerPlan:
    mounts = (
        Mount("home", NAMES.volume(name, "home"), "/home"),
        Mount("workspace", NAMES.volume(name, "workspace"), "/home/lab/workspace"),
        Mount("shared", NAMES.shared_volume("shared"), "/mnt/shared", shared=True),
    )
    plan = ServerPlan(
        ref=ServerRef(Owner(user_id, name), server),
        name=NAMES.lab(name, server),
        hostname=NAMES.hostname(name, server),
        image="labyard/lab:latest",
        command=("python3", "-c", LAB, "8888"),
        port=8888,
        user="1000:1000",
        working_dir="/home/lab",
        environment={
            "HOME": "/home/lab",
            "JUPYTERHUB_ROOT_DIR": "/home/lab/workspace",
            "JUPYTERHUB_SERVICE_URL": "http://0.0.0.0:8888/user/anna/",
        },
        secrets={"JUPYTERHUB_API_TOKEN": TOKEN},
        mounts=mounts,
        labels=NAMES.lab_labels(user_id, name, server),
        volume_labels={
            m.source: NAMES.shared_volume_labels(m.key)
            if m.shared
            else NAMES.volume_labels(user_id, name, m.key)
            for m in mounts
        },
    )
    return replace(plan, **changes)  # type: ignore[arg-type]


@pytest.fixture
def root() -> Iterator[Path]:
    """A directory that the labs' own accounts can reach; pytest's is for its account alone."""
    path = Path(tempfile.mkdtemp(prefix="tlocal"))
    path.chmod(0o711)
    yield path
    shutil.rmtree(path)


@pytest.fixture
async def engine(root: Path) -> AsyncIterator[LocalEngine]:
    one = LocalEngine("tlocal", root, Path(os.defpath.split(":")[-1]))
    yield one
    for lab in await one.labs():
        await one.remove(lab.name)
    await one.close()
