"""Whose page is behind a request, as far as a browser tells. Pure; hub and service apply it."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import SplitResult, urlsplit

from labyard.core.errors import Forbidden

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_SAME = frozenset({"same-origin", "none"})


def refuse_foreign(
    method: str, host: str, headers: Mapping[str, str], *, labs: str = "/user/"
) -> None:
    """Do nothing unless another site's page, or a lab's, is behind a request that changes something.

    ``host`` is the one that was asked, ``labs`` the path below which labs are. A lab's page on the
    hub's own origin can hide where it is; only host names of labs' own (``edge.subdomains``) end that.

    Raises
    ------
    Forbidden
        When the browser says so.
    """
    if method in _SAFE_METHODS:
        return
    site, origin = headers.get("Sec-Fetch-Site", ""), headers.get("Origin", "")
    foreign = site not in _SAME if site else bool(origin) and _split(origin).netloc != host
    if foreign:
        raise Forbidden("This request comes from another site.", remedy="Use the page itself.")
    if _split(headers.get("Referer", "")).path.startswith(labs):
        raise Forbidden("This request comes from a lab's page.", remedy="Use the page itself.")


def refuse_fetched(headers: Mapping[str, str], *, labs: str = "/user/") -> None:
    """Do nothing if a person clicked, as far as the browser tells: it goes there itself.

    What is large and private is not for a script, an image or a lab's page to fetch.

    Raises
    ------
    Forbidden
        When the browser says that it is.
    """
    site, mode = headers.get("Sec-Fetch-Site", ""), headers.get("Sec-Fetch-Mode", "")
    clicked = site in {"", *_SAME} and mode in {"", "navigate"}
    if not clicked or _split(headers.get("Referer", "")).path.startswith(labs):
        raise Forbidden("This request is not somebody's click.", remedy="Use the page itself.")


def _split(url: str) -> SplitResult:
    """Take a header's address apart. Raises ``Forbidden`` for what is none: no browser sends that."""
    try:
        return urlsplit(url)
    except ValueError:
        raise Forbidden(
            "This request does not tell where it comes from.", remedy="Use the page itself."
        ) from None
