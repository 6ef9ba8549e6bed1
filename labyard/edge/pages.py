"""What the edge says itself, when nobody stands behind it: one small page, in light and dark."""

from __future__ import annotations

from html import escape
from pathlib import Path

_TEMPLATE = Path(__file__).parent / "templates" / "error.html"

# Status -> reason, heading, sentence. Only a page that may heal by itself tries again.
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
        "Files go to your own server, which takes any size.",
    ),
    502: (
        "Bad Gateway",
        "The answer was broken",
        "The server behind this page hung up. If this stays, start it again from your home page.",
    ),
    503: (
        "Service Unavailable",
        "One moment, please",
        "The server behind this page is starting or stopped. This page tries again by itself.",
    ),
    504: (
        "Gateway Timeout",
        "No answer came",
        "The server behind this page is busy. Wait a little, then load the page again.",
    ),
}
STATUSES = tuple(_TEXTS)
_RETRY = 5  # seconds


def response(status: int, home: str) -> bytes:
    """Return the whole HTTP response for ``status``; ``home`` is where its link leads."""
    reason, heading, sentence = _TEXTS[status]
    body = (
        _TEMPLATE.read_text()
        .replace("{{ status }}", str(status))
        .replace("{{ heading }}", escape(heading))
        .replace("{{ sentence }}", escape(sentence))
        .replace("{{ home }}", escape(home))
        .replace(
            "{{ retry }}",
            f'<meta http-equiv="refresh" content="{_RETRY}">' if status == 503 else "",
        )
        .encode()
    )
    headers = [
        f"HTTP/1.1 {status} {reason}",
        "Content-Type: text/html; charset=utf-8",
        f"Content-Length: {len(body)}",
        "Cache-Control: no-store",
        "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'",
        *([f"Retry-After: {_RETRY}"] if status == 503 else []),
    ]
    return "\r\n".join(headers).encode() + b"\r\n\r\n" + body
