"""What can go wrong at the front door."""

from __future__ import annotations

from labyard.core.errors import LabyardError


class EdgeError(LabyardError):
    """The proxy refused or failed to do what it was asked."""

    code = "edge"
    status = 502


class EdgeUnreachable(EdgeError):
    """The proxy's process does not answer."""

    code = "edge-unreachable"
    status = 503


class BadRoute(EdgeError):
    """A route's path or target cannot be used; the route that was there before stays."""

    code = "bad-route"
    status = 400


class CannotCut(EdgeError):
    """This proxy has no way to end a connection that is open."""

    code = "cannot-cut"
    status = 501
