"""Lists of many pages: what an address asks for, and which part that is."""

from __future__ import annotations

import pytest

from labyard.web.paging import Asked, Listed, asked, cut


def test_an_address_says_which_part_of_a_list_it_is() -> None:
    told = asked({"search": [b" anna "], "page": [b"3"], "state": [b"running"]}, "state")
    assert told == Asked("anna", 3, {"state": "running"})
    assert told.query == "?search=anna&state=running&page=3"
    assert told.at(1) == "?search=anna&state=running"
    assert told.only(state="stopped") == "?search=anna&state=stopped"
    assert told.only(state="") == "?search=anna"
    assert told.narrowed


def test_what_was_not_asked_for_leaves_the_whole_list() -> None:
    told = asked({"else": [b"x"]}, "state")
    assert (told, told.query, told.narrowed) == (Asked(filters={"state": ""}), "", False)


@pytest.mark.parametrize("page", [b"0", b"-1", b"x", b"", b"\xff", "²".encode(), b"9" * 99])
def test_a_number_that_cannot_be_is_the_first_page(page: bytes) -> None:
    assert asked({"page": [page]}).number == 1


def test_a_search_is_text_of_one_line() -> None:
    told = asked({"search": [b"a\r\nb&c=<d>\x00" + b"x" * 99]})
    assert len(told.search) <= 64
    assert told.query.startswith("?search=ab%26c%3D%3Cd%3Ex")


def test_a_list_is_cut_into_pages() -> None:
    whole = list(range(102))
    told = cut(whole, 3)
    assert (told.rows, told.number, told.pages) == ([100, 101], 3, 3)
    assert (told.first, told.last, told.total) == (101, 102, 102)
    assert cut(whole, 99) == told


def test_an_empty_list_is_one_page() -> None:
    told: Listed[int] = cut([], 7)
    assert (told.number, told.pages, told.first, told.last) == (1, 1, 0, 0)
