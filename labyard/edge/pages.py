"""What the edge says itself, when nobody stands behind it: one small page, in light and dark."""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from dataclasses import dataclass
from html import escape
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
_RETRY = 5  # seconds
_AGAIN = (Path(__file__).parent / "templates" / "again.js").read_text()
_AGAIN_HASH = b64encode(hashlib.sha256(_AGAIN.encode()).digest()).decode()
_COMES_BACK = (
    "<p>This page comes back by itself.</p>"
    "<noscript><p>Without JavaScript: load it again in a moment.</p></noscript>"
    f"<script>{_AGAIN}</script>"
)
_PLACE = re.compile(r"\{\{ (\w+) \}\}")


@dataclass(frozen=True, slots=True)
class Site:
    """Whose pages they are. An empty ``colour`` or ``accent`` is Labyard's own."""

    name: str = "Labyard"
    colour: str = ""
    accent: str = ""

    @property
    def brand(self) -> str:
        """Return the name as the bar shows it, in HTML."""
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


def response(status: int, home: str, site: Site = OURS) -> bytes:
    """Return the whole HTTP response for ``status``; ``home`` is where its link leads."""
    reason, heading, sentence = _TEXTS[status]
    heals = status == 503
    script = f" script-src 'sha256-{_AGAIN_HASH}'; connect-src 'self';" if heals else ""
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
        "again": _COMES_BACK if heals else "",
    }
    body = _PLACE.sub(lambda place: values[place[1]], _TEMPLATE.read_text()).encode()
    headers = [
        f"HTTP/1.1 {status} {reason}",
        "Content-Type: text/html; charset=utf-8",
        f"Content-Length: {len(body)}",
        "Cache-Control: no-store",
        f"Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline';{script}"
        " frame-ancestors 'self'",
        *([f"Retry-After: {_RETRY}"] if heals else []),
    ]
    return "\r\n".join(headers).encode() + b"\r\n\r\n" + body
