"""What a named server cannot be called, besides JupyterHub's own rule.

Its address is below that of the default server, ``/user/NAME/SERVER/``: a server called ``api`` would
answer for the default server's own ``/user/NAME/api/``, whose pages then fail.
"""

from __future__ import annotations

from labyard.core.errors import Refused

# First parts of the addresses of JupyterLab, its usual extensions, and the tools of our labs.
TAKEN = frozenset(
    (
        "api custom doc edit files git hub kernelspecs lab login logout lsp metrics nbconvert "
        "notebooks consoles proxy server-proxy services static terminals tree user view voila "
        "code-server glances mlflow openvscode openvscode-server tensorboard vscode"
    ).split()
)


def objection(name: str) -> str:
    """Return why no server can be called ``name``, in a sentence; empty where one can."""
    return f"{name} is part of every server's own address." if name in TAKEN else ""


def refuse_taken(name: str) -> None:
    """Do nothing if a server can be called ``name``.

    Raises
    ------
    Refused
        When it cannot.
    """
    if why := objection(name):
        raise Refused(why, remedy=f"Choose another name, for example my-{name}.")
