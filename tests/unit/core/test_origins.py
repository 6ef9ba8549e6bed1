"""Whose page a request comes from."""

import pytest

from labyard.core.errors import Forbidden
from labyard.core.origins import refuse_fetched, refuse_foreign

HOST = "hub.example.org"


@pytest.mark.parametrize(
    "request_headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example.org"},
        {"Origin": "null"},
        {"Origin": "https://["},
        {"Referer": "https://[/services/labyard/"},
        {"Origin": f"https://{HOST}.evil.example.org"},
        {"Origin": f"https://anna.{HOST}"},
        {"Referer": f"https://{HOST}/user/anna/lab"},
        {"Sec-Fetch-Site": "same-origin", "Referer": f"https://{HOST}/user/anna/proxy/8000/"},
    ],
)
@pytest.mark.parametrize("method", ["POST", "DELETE", "PUT", "PATCH"])
def test_another_sites_page_changes_nothing(method: str, request_headers: dict[str, str]) -> None:
    with pytest.raises(Forbidden):
        refuse_foreign(method, HOST, request_headers)


@pytest.mark.parametrize(
    "request_headers",
    [
        {},
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": f"https://{HOST}"},
        {"Referer": f"https://{HOST}/hub/user/anna/"},
        {"Referer": f"https://{HOST}/services/labyard/"},
    ],
)
def test_our_own_pages_and_scripts_may(request_headers: dict[str, str]) -> None:
    refuse_foreign("POST", HOST, request_headers)


def test_a_link_from_elsewhere_may_be_followed() -> None:
    refuse_foreign("GET", HOST, {"Sec-Fetch-Site": "cross-site"})


def test_labs_are_below_the_base_path() -> None:
    from_lab = {"Referer": f"https://{HOST}/jupyterhub/user/anna/lab"}
    refuse_foreign("POST", HOST, from_lab)
    with pytest.raises(Forbidden, match="lab's page"):
        refuse_foreign("POST", HOST, from_lab, labs="/jupyterhub/user/")


@pytest.mark.parametrize(
    ("headers", "clicked"),
    [
        ({}, True),  # a program
        ({"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "navigate"}, True),
        ({"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate"}, True),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}, False),
        ({"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors"}, False),
        ({"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "no-cors"}, False),
        ({"Referer": "http://hub/user/anna/lab"}, False),
        ({"Referer": "http://hub/services/labyard/volumes"}, True),
    ],
)
def test_only_a_click_fetches_what_is_large(headers: dict[str, str], clicked: bool) -> None:
    if clicked:
        refuse_fetched(headers)
        return
    with pytest.raises(Forbidden):
        refuse_fetched(headers)
