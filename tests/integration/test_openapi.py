"""REST is asked at random, by its own document: it answers as described, and never fails."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.tools.person import Person
from tests.tools.yard import Yard

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
# Whose things are asked for and changed; whatever is made has a name that begins with it.
NAME = "fuzzed"
# What removes or shuts somebody out is asked for somebody who is not there.
NOBODY = "fuzzed-nobody"
FEW = settings(
    max_examples=4,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def document(yard: Yard) -> dict[str, Any]:
    """The document as the site serves it."""
    answer = requests.get(f"{yard.url}services/labyard/api/openapi.json", timeout=60)
    assert answer.status_code == 200
    return dict(answer.json())


@pytest.fixture(scope="module")
def fuzzed(yard: Yard, admin: Person) -> Iterator[Person]:
    yield yard.member(NAME)
    found = admin.api("GET", f"labyard/accounts?search={NAME}").json()["accounts"]
    for account in found:
        admin.api("DELETE", f"labyard/accounts/{account['name']}")
    for policy in admin.api("GET", "labyard/policies").json()["groups"]:
        if policy["name"].startswith(NAME):
            admin.api("DELETE", f"labyard/policies/{policy['name']}")


def tamed(case: Any) -> Any:
    """Return a case that touches nothing but what is this test's own, and starts no lab."""
    path, names = case.operation.path, case.path_parameters or {}
    removes = case.operation.method.upper() == "DELETE" or names.get("action") in {
        "withdraw", "password", "rename", "admin", "deny",
    }  # fmt: skip
    for name in ("user", "name", "group"):
        if name in names:
            names[name] = NOBODY if "/accounts/" in path and removes else NAME
    if path.endswith("/users/{user}"):
        names["user"] = NOBODY
    body = case.body if isinstance(case.body, dict) else {}
    if names.get("action") == "start":
        case.body = {"options": {"image": "nowhere.example/none"}}
    if path.endswith("/labyard/accounts") and "name" in body:
        body["name"] = f"{NAME}-{body['name']}"
    if isinstance(body.get("names"), list):
        body["names"] = [f"{NAME}-{name}" for name in body["names"]]
    if "/policies" in path:
        for number, policy in enumerate(body.get("groups", [body])):
            policy["name"] = names.get("group", f"{NAME}-{number}")
    return case


@pytest.mark.parametrize("role", ["owner", "admin"])
def test_every_operation_answers_as_it_is_described(
    role: str, document: dict[str, Any], yard: Yard, admin: Person, fuzzed: Person
) -> None:
    token = (admin if role == "admin" else fuzzed).token
    session = requests.Session()
    headers = {"Authorization": f"token {token}"}
    wrong = []
    for found in schemathesis.openapi.from_dict(document).get_all_operations():
        operation = found.ok()

        @FEW
        @given(case=operation.as_strategy())
        def ask(case: Any) -> None:
            tamed(case).call_and_validate(
                base_url=yard.url.rstrip("/"),
                session=session,
                headers=headers,
                checks=CHECKS,
                timeout=60,
            )

        try:
            ask()
        except AssertionError as error:
            wrong.append(f"{operation.label}: {error}")
        except BaseExceptionGroup as errors:
            wrong.append(f"{operation.label}: {errors.exceptions}")
    assert not wrong, "\n\n".join(wrong)
