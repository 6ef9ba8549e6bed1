"""A lab's first program: takes up its secrets, then becomes jupyterhub-singleuser in this process.

The secrets come as a file, so that neither the container's definition nor ``/proc/1/environ`` has them.
The file stays: a lab that is restarted in place reads it again.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import tempfile
from pathlib import Path

from labyard_lab import home, hub, lazy_iri, report, says

_SECRETS = "/run/labyard/secrets.json"
_OF_PROCESSES = "LABYARD_SECRETS"  # names the file where the lab is a process of the host
# Starting makes 600,000 objects that stay: looking through them for garbage 70 times finds none.
_GARBAGE = (50_000, 20, 20)


def main() -> None:
    """Run the lab until it is told to end."""
    gc.set_threshold(*_GARBAGE)
    if _OF_PROCESSES not in os.environ:  # the local engine has set its own
        os.umask(0o027)
    take_secrets(Path(os.environ.get(_OF_PROCESSES, _SECRETS)))
    hub.ask(restarted=report.file().exists())
    os.environ.setdefault("JUPYTER_CONFIG_PATH", str(Path(__file__).with_name("config")))
    home.move_in(Path.home())
    settle()
    lazy_iri.install()
    try:
        from jupyterhub.singleuser import main as become_singleuser
    except ImportError as error:
        says.end("no-singleuser", f"{error}.", module=error.name or "jupyterhub")

    sys.argv[0] = "jupyterhub-singleuser"
    become_singleuser()


def take_secrets(file: Path) -> None:
    """Put the secret part of the environment where JupyterHub looks for it."""
    try:
        os.environ.update(json.loads(file.read_text()))
    except FileNotFoundError:
        sentence = f"{file} is missing: a lab is started by its hub, which puts its secrets there."
        says.end("no-secrets", sentence, file=str(file))


def settle() -> None:
    """Point Jupyter to a directory of this run for what holds the lab's token."""
    os.environ.setdefault("JUPYTER_RUNTIME_DIR", tempfile.mkdtemp(prefix="jupyter-"))
    os.environ["JUPYTERHUB_SINGLEUSER_APP"] = "jupyter-server"


if __name__ == "__main__":
    main()
