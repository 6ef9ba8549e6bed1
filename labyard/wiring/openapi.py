"""The OpenAPI document of Labyard's own REST, made from the routes and what is said beside them."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from pydantic import TypeAdapter

from labyard.core.rest import Operation, Shape, told_of
from labyard.wiring.routes import SERVICE, Endpoint, endpoints

_JSON = "application/json"
_REFERENCE = "#/components/schemas/{model}"
_ERROR = {
    "type": "object",
    "description": "What is wrong, in words for people. Some errors say more, in fields of their own.",
    "required": ["error", "message", "remedy", "status"],
    "properties": {
        "error": {"type": "string", "description": "A code that stays the same."},
        "message": {"type": "string", "description": "What happened."},
        "remedy": {"type": "string", "description": "What to do; may be empty."},
        "status": {"type": "integer"},
    },
}
_ABOUT = """\
What Labyard adds to JupyterHub's own REST, of the hub and of its pages' service. Send a token of the
hub's. Each operation names the scope that it needs, over the person or group that it is about."""


def document(base_url: str = "/") -> dict[str, Any]:
    """Return the document for a site whose pages are below ``base_url``."""
    schemas: dict[str, Any] = {"Error": _ERROR}
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in endpoints():
        told = told_of(endpoint.function)
        if told is not None:
            item = paths.setdefault(endpoint.address.path, {})
            item[endpoint.method] = _operation(endpoint, told, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Labyard", "version": "1", "description": _ABOUT},
        "servers": [{"url": base_url.rstrip("/") or "/"}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": dict(sorted(schemas.items())),
            "responses": {"Error": {"description": "Refused.", **_content(_reference("Error"))}},
            "securitySchemes": {
                "token": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Authorization",
                    "description": "`token …`, one of the hub's.",
                }
            },
        },
    }


@cache
def written(base_url: str = "/") -> str:
    """Return the document as JSON."""
    return json.dumps(document(base_url), indent=1, ensure_ascii=False) + "\n"


def undescribed() -> list[str]:
    """Return the operations of which nothing is said."""
    return [str(endpoint) for endpoint in endpoints() if told_of(endpoint.function) is None]


def _operation(endpoint: Endpoint, told: Operation, schemas: dict[str, Any]) -> dict[str, Any]:
    path, about = endpoint.address.path, inspect.getdoc(endpoint.handler) or ""
    words = [part for part in path.split("/")[3:] if part]
    made: dict[str, Any] = {
        "operationId": "_".join([endpoint.method, *words]).replace("{", "").replace("}", ""),
        "tags": ["service" if path.startswith(SERVICE) else "hub"],
        "summary": about.splitlines()[0].rstrip("."),
        "description": inspect.getdoc(endpoint.function) or "",
        "security": [{"token": told.scope.split()}],
        "parameters": [*_in_path(endpoint), *_in_query(told, schemas)],
        "responses": {
            **{str(status): _answer(told, schemas) for status in told.statuses},
            "4XX": {"$ref": "#/components/responses/Error"},
            "5XX": {"$ref": "#/components/responses/Error"},
        },
    }
    if told.sends:
        made["requestBody"] = {"required": True, "content": {told.sends: {}}}
    elif told.body is not None:
        made["requestBody"] = _content(schema(told.body, schemas))
    return made


def _in_path(endpoint: Endpoint) -> Iterator[dict[str, Any]]:
    for name, kind in endpoint.address.names.items():
        yield {"name": name, "in": "path", "required": True, "schema": dict(kind)}


def _in_query(told: Operation, schemas: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for name, kind in told.query.items():
        yield {"name": name, "in": "query", "schema": schema(kind, schemas)}


def _answer(told: Operation, schemas: dict[str, Any]) -> dict[str, Any]:
    if told.media:
        return {"description": "Done.", "content": {media: {} for media in told.media.split()}}
    if told.answer is None:
        return {"description": "Done."}
    return {"description": "Done.", **_content(schema(told.answer, schemas))}


def _content(kind: Mapping[str, Any]) -> dict[str, Any]:
    return {"content": {_JSON: {"schema": kind}}}


def _reference(name: str) -> dict[str, str]:
    return {"$ref": _REFERENCE.format(model=name)}


def schema(shape: Shape, schemas: dict[str, Any]) -> dict[str, Any]:
    """Return the JSON schema of a shape; what it refers to goes into ``schemas``."""
    if isinstance(shape, Mapping):
        fields = {name: schema(kind, schemas) for name, kind in shape.items() if name != "*"}
        base = _whole(schema(shape["*"], schemas), schemas) if "*" in shape else {}
        named = {name.rstrip("?"): kind for name, kind in fields.items()}
        required = [name for name in fields if not name.endswith("?")]
        return {
            **base,
            "type": "object",
            "properties": {**base.get("properties", {}), **named},
            "required": [*base.get("required", []), *required],
        }
    if isinstance(shape, list):
        return {"type": "array", "items": schema(shape[0], schemas)}
    known = TypeAdapter(shape).json_schema(ref_template=_REFERENCE)
    for name, kind in known.pop("$defs", {}).items():
        schemas.setdefault(name, kind)
    if isinstance(shape, type) and known.get("properties"):
        schemas.setdefault(shape.__name__, known)
        return _reference(shape.__name__)
    return known


def _whole(kind: dict[str, Any], schemas: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields themselves where only a name stands for them: others are to be added."""
    found: dict[str, Any] = schemas[kind["$ref"].rpartition("/")[2]] if "$ref" in kind else kind
    return {name: value for name, value in found.items() if name not in {"title", "description"}}
