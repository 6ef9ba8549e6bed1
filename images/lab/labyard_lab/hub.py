"""Asks the hub one thing, beside starting: whether it is there, knows us, fits us, and what time it is."""

from __future__ import annotations

import os
import threading
import time
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPException, HTTPResponse
from urllib.parse import urlsplit

from labyard_lab import report, says

_PATIENCE = 4.0  # seconds in which a hub that starts its lab must be found
_CONNECT = 1.5
_ANSWER = 20.0  # a hub that starts a hundred labs takes a while
_AGAIN = 0.3
_REFUSED = (401, 403)

_asked: list[threading.Thread] = []


def ask(*, restarted: bool) -> None:
    """Begin to ask. A lab that is ``restarted`` in place is patient: its hub may be away for a while."""
    url = os.environ.get("JUPYTERHUB_API_URL", "")
    if urlsplit(url).scheme == "http":
        token = os.environ.get("JUPYTERHUB_API_TOKEN", "")
        question = threading.Thread(target=_ask, args=(url, token, restarted), daemon=True)
        question.start()
        _asked.append(question)


def wait(seconds: float) -> None:
    """Wait a moment for the answer: nobody should be let in before it is known."""
    for question in _asked:
        question.join(seconds)


def _ask(url: str, token: str, restarted: bool) -> None:
    at = urlsplit(url)
    connection = HTTPConnection(at.hostname or "", at.port, timeout=_CONNECT)
    deadline = time.monotonic() + _PATIENCE
    while (why := _connected(connection)) and time.monotonic() < deadline:
        time.sleep(_AGAIN)
    if why:
        if not restarted:
            sentence = f"The hub at {url} cannot be reached from this lab: {why}."
            says.end("hub-unreachable", sentence, url=url, why=why)
        return
    try:
        connection.sock.settimeout(_ANSWER)
        headers = {"Authorization": f"token {token}", "Accept": "application/json"}
        connection.request("GET", f"{at.path}/user", headers=headers)
        answer = connection.getresponse()
    except (OSError, HTTPException):
        return  # it is there, and busy
    finally:
        connection.close()
    _judge(url, answer)


def _connected(connection: HTTPConnection) -> str:
    """Connect; return why that was not possible."""
    try:
        connection.connect()
    except OSError as error:
        return str(error) or type(error).__name__
    return ""


def _judge(url: str, answer: HTTPResponse) -> None:
    from jupyterhub import __version__ as ours

    theirs = answer.getheader("X-JupyterHub-Version", "")
    if theirs and theirs.split(".")[0] != ours.split(".")[0]:
        sentence = f"This lab has JupyterHub {ours}, and its hub is {theirs}."
        says.end("version-mismatch", sentence, hub=theirs, lab=ours)
    if answer.status in _REFUSED:
        sentence = f"The hub at {url} refused this lab's token."
        says.end("token-refused", sentence, url=url, status=answer.status)
    if date := answer.getheader("Date"):
        report.say(skew=round(time.time() - parsedate_to_datetime(date).timestamp()))
