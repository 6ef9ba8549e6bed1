"""Words from inside labs and volumes, made fit to be shown, logged and sent. Pure."""

from __future__ import annotations


def visible(text: str) -> str:
    """Return ``text`` without what could make it look like something else, or could not be sent.

    That is controls, new lines, changes of direction, and halves of characters, which stand for bytes
    of file names that are no UTF-8.
    """
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
