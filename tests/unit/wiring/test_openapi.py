"""The OpenAPI document: addresses read off patterns, shapes made into schemas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
import schemathesis

from labyard.core.rest import operation, told_of
from labyard.wiring.openapi import document, schema
from labyard.wiring.routes import addresses, endpoints


@pytest.mark.parametrize(
    ("pattern", "names", "paths"),
    [
        (r"/api/a/([^/]+)", ["user"], ["/api/a/{user}"]),
        (r"/api/(?:server|servers/([^/]+))", ["name"], ["/api/server", "/api/servers/{name}"]),
        (r"/api/a(?:/([^/]+))?", ["name"], ["/api/a", "/api/a/{name}"]),
        (r"/api/x\.json", [], ["/api/x.json"]),
    ],
)
def test_an_address_for_each_alternative(pattern: str, names: list[str], paths: list[str]) -> None:
    assert [address.path for address in addresses(pattern, names)] == paths


def test_names_say_what_they_may_be() -> None:
    (address,) = addresses(r"/([^/]+)/(start|stop)/([0-9]{1,9})", ["user", "action", "id"])
    assert address.names == {
        "user": {"type": "string", "minLength": 1},
        "action": {"type": "string", "enum": ["start", "stop"]},
        "id": {"type": "integer", "minimum": 0},
    }


def test_shapes_become_schemas() -> None:
    @dataclass
    class Thing:
        size: int

    schemas: dict[str, Any] = {}
    made = schema({"name": str, "things?": [Thing]}, schemas)
    assert made["required"] == ["name"]
    assert made["properties"]["things"]["items"] == {"$ref": "#/components/schemas/Thing"}
    assert schemas["Thing"]["required"] == ["size"]
    both = schema({"*": {"name": str}, "more": int}, schemas)
    assert both["required"] == ["name", "more"]
    more = schema({"*": Thing, "name": str}, schemas)
    assert more["properties"].keys() == {"size", "name"}


def test_success_without_an_answer_is_204() -> None:
    @operation("servers")
    def delete() -> None: ...

    told = told_of(delete)
    assert told is not None
    assert told.statuses == (204,)


def test_the_document_is_openapi_and_names_nothing_twice() -> None:
    made = document("/jupyterhub/")
    schemathesis.openapi.from_dict(made).validate()
    assert made["servers"] == [{"url": "/jupyterhub"}]
    operations = [each for item in made["paths"].values() for each in item.values()]
    assert len({each["operationId"] for each in operations}) == len(operations) == len(endpoints())
    assert made["components"]["schemas"].keys() >= {"Error", "Limits", "GroupSettings"}
