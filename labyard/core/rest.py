"""What an operation of REST takes and answers, said beside the method that does it.

``wiring.openapi`` makes the OpenAPI document of it. A shape is a type that pydantic knows, or fields by
name: ``{"name": str, "admin?": bool}``. A field with a question mark may be left out; ``"*"`` stands for
all fields of another shape.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.client import responses
from typing import Any, TypeVar

from labyard.core.errors import LabyardError

Shape = Any
_Method = TypeVar("_Method", bound=Callable[..., Any])
_MARK = "__labyard_operation__"


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation. Other than JSON are bytes, in the body (``sends``) or in the answer (``media``)."""

    scope: str = ""
    body: Shape = None
    answer: Shape = None
    statuses: tuple[int, ...] = (200,)
    query: Mapping[str, Shape] = field(default_factory=dict)
    media: str = ""
    sends: str = ""


def operation(
    scope: str = "",
    *,
    body: Shape = None,
    answer: Shape = None,
    status: int | tuple[int, ...] = (),
    query: Mapping[str, Shape] | None = None,
    media: str = "",
    sends: str = "",
) -> Callable[[_Method], _Method]:
    """Say what a handler's method does: under ``needs_scope``, if that is there.

    ``scope`` is what the caller needs besides being signed in, more than one with spaces between;
    ``status`` is what success answers, 200, or 204 without an ``answer``, unless said.
    """
    usual = (200 if answer is not None or media else 204,)
    statuses = (status,) if isinstance(status, int) else status or usual
    told = Operation(
        scope,
        body,
        answer,
        statuses,
        query or {},
        media,
        sends,
    )

    def mark(method: _Method) -> _Method:
        setattr(method, _MARK, told)
        return method

    return mark


def told_of(method: Callable[..., Any]) -> Operation | None:
    """Return what was said of a method."""
    return getattr(method, _MARK, None)


_CODES = {401: "sign-in", 403: "forbidden", 404: "not-found", 409: "busy", 413: "too-large"}


class OneShape:
    """Says whatever goes wrong in the hub's REST as ``LabyardError`` does. Beside JupyterHub's handler."""

    _write_buffer: list[bytes]

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Answer with JSON; what JupyterHub says of an error is its ``message``."""
        handler: Any = self
        error = kwargs.get("exc_info", (None, None))[1]
        if isinstance(error, LabyardError):
            handler.set_status(error.status)
            handler.set_header("Content-Type", "application/json")
            if error.wait:
                handler.set_header("Retry-After", str(error.wait))
            handler.finish(json.dumps(error.as_json()))
            return
        super().write_error(status_code, **kwargs)  # type: ignore[misc]
        said = json.loads(b"".join(self._write_buffer))
        self._write_buffer = []
        code = _CODES.get(status_code, "refused" if status_code < 500 else "failed")
        message = said["message"] or responses.get(status_code, "")
        handler.write(json.dumps({**said, "error": code, "message": message, "remedy": ""}))
