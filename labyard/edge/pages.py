"""What the edge says itself, when nobody stands behind it: one small page, in light and dark."""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from dataclasses import dataclass
from html import escape
from mimetypes import guess_type
from pathlib import Path

from labyard.core.colours import Shades, buttons, highlight

_TEMPLATE = Path(__file__).parent / "templates" / "error.html"

# Status -> reason, heading, sentence. Only a page that may heal by itself looks again.
_TEXTS = {
    400: (
        "Bad Request",
        "That request was not understood",
        "Its address or a header is malformed.",
    ),
    404: ("Not Found", "Nothing lives here", "Check the address you typed."),
    405: ("Method Not Allowed", "That is not done here", "The method is not allowed."),
    408: ("Request Timeout", "That took too long", "The request did not arrive in time."),
    413: (
        "Content Too Large",
        "That is too large",
        "Send less at once. Inside JupyterLab, files of any size can be uploaded.",
    ),
    502: (
        "Bad Gateway",
        "The answer was broken",
        "The server behind this page hung up. If this stays, start it again from your home page.",
    ),
    503: (
        "Service Unavailable",
        "One moment, please",
        "The server behind this page is starting or stopped.",
    ),
    504: (
        "Gateway Timeout",
        "No answer came",
        "The server behind this page is busy. Wait a little, then load the page again.",
    ),
}
STATUSES = tuple(_TEXTS)
_MOST_LOGO = 16 * 2**10  # bytes: HAProxy holds a whole page in one buffer
_HEALS = frozenset({502, 503})  # a hub that ends breaks off what it was saying
_RETRY = 5  # seconds
_AGAIN = (Path(__file__).parent / "templates" / "again.js").read_text()
_AGAIN_HASH = b64encode(hashlib.sha256(_AGAIN.encode()).digest()).decode()
_COMES_BACK = f"<p>This page comes back by itself.</p><script>{_AGAIN}</script>"
_REFRESH = f'<noscript><meta http-equiv="refresh" content="{_RETRY}"></noscript>'
_PLACE = re.compile(r"\{\{ (\w+) \}\}")


@dataclass(frozen=True, slots=True)
class Site:
    """Whose pages they are. An empty ``colour`` or ``accent`` is Labyard's own.

    ``logo`` is what :func:`inlined` makes of an image; an empty one shows the name.
    """

    name: str = "Labyard"
    colour: str = ""
    accent: str = ""
    logo: str = ""

    @property
    def brand(self) -> str:
        """Return what the bar shows, in HTML."""
        if self.logo:
            return f'<img src="{self.logo}" alt="{escape(self.name)}">'
        return "lab<b>yard</b>" if self.name == "Labyard" else escape(self.name)

    def variables(self) -> tuple[str, str]:
        """Return the style sheet's variables for light and for dark."""
        button, on = (
            buttons(self.colour)
            if self.colour
            else (Shades("#c2410c", "#ff8a4c"), Shades("#ffffff", "#1b0f08"))
        )
        accent = self.accent or self.colour
        mark = highlight(accent) if accent else Shades("#e8621a", "#ff8a4c")
        return (
            f"--button: {button.light}; --on-button: {on.light}; --accent: {mark.light};",
            f"--button: {button.dark}; --on-button: {on.dark}; --accent: {mark.dark};",
        )


OURS = Site()


def inlined(image: Path) -> str:
    """Return an address that holds the image itself; empty for one that is large, not there, or none."""
    kind, _ = guess_type(image.name)
    if kind is None or not kind.startswith("image/"):
        return ""
    try:
        with image.open("rb") as file:
            content = file.read(_MOST_LOGO + 1)
    except OSError:
        return ""
    return f"data:{kind};base64,{b64encode(content).decode()}" if len(content) <= _MOST_LOGO else ""


def document(status: int, home: str, site: Site = OURS) -> bytes:
    """Return the page for ``status``; ``home`` is where its link leads."""
    _, heading, sentence = _TEXTS[status]
    light, dark = site.variables()
    values = {
        "status": str(status),
        "heading": escape(heading),
        "sentence": escape(sentence),
        "site": escape(site.name),
        "brand": site.brand,
        "light": light,
        "dark": dark,
        "home": escape(home),
        "policy": _policy(status),
        "refresh": _REFRESH if status in _HEALS else "",
        "again": _COMES_BACK if status in _HEALS else "",
    }
    return _PLACE.sub(lambda place: values[place[1]], _TEMPLATE.read_text()).encode()


def response(status: int, home: str, site: Site = OURS) -> bytes:
    """Return the whole HTTP response for ``status``; ``home`` is where its link leads."""
    body = document(status, home, site)
    headers = [
        f"HTTP/1.1 {status} {_TEXTS[status][0]}",
        "Content-Type: text/html; charset=utf-8",
        f"Content-Length: {len(body)}",
        "Cache-Control: no-store",
        f"Content-Security-Policy: {_policy(status)}; frame-ancestors 'self'",
        *([f"Retry-After: {_RETRY}"] if status in _HEALS else []),
    ]
    return "\r\n".join(headers).encode() + b"\r\n\r\n" + body


def _policy(status: int) -> str:
    """Return what the page may do; it says so itself as well, for a proxy that sends no headers."""
    script = f"; script-src 'sha256-{_AGAIN_HASH}'; connect-src 'self'" if status in _HEALS else ""
    return f"default-src 'none'; img-src data:; style-src 'unsafe-inline'{script}"
