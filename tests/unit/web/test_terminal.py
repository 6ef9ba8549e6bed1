"""A workspace with one terminal; what a lab says of its name is not believed."""

from __future__ import annotations

import pytest

from labyard.web.terminal import checked_name, workspace


def test_a_workspace_holds_the_terminal_and_nothing_else() -> None:
    made = workspace("terminal-3", "3")
    assert made["metadata"] == {"id": "terminal-3"}  # JupyterLab refuses another one
    main = made["data"]["layout-restorer:data"]["main"]
    assert main["dock"]["widgets"] == ["terminal:3"]
    assert made["data"]["terminal:3"] == {"data": {"name": "3"}}


@pytest.mark.parametrize(
    "answer", [None, [], {}, {"name": 3}, {"name": ""}, {"name": "../x"}, {"name": "a" * 21}]
)
def test_what_is_no_name_is_refused(answer: object) -> None:
    with pytest.raises(ValueError, match="no name"):
        checked_name(answer)
