"""Texts as people read them."""

from labyard.web.view.words import shortened


def test_a_long_text_says_that_it_goes_on() -> None:
    assert shortened("four", 4) == "four"
    assert shortened("five!", 4) == "fiv…"
