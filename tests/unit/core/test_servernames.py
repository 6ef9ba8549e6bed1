"""Which named servers would answer for the default one."""

from __future__ import annotations

import pytest

from labyard.core.errors import Refused
from labyard.core.servernames import TAKEN, refuse_taken
from labyard.web.servers import Person
from labyard.web.view.options import name_objection


@pytest.mark.parametrize("name", ["api", "lab", "static", "server-proxy", "tensorboard"])
def test_parts_of_a_servers_own_address_are_no_names(name: str) -> None:
    with pytest.raises(Refused, match=f"{name} is part of .* for example my-{name}"):
        refuse_taken(name)


@pytest.mark.parametrize("name", ["", "my-api", "lab1", "gpu"])
def test_others_are(name: str) -> None:
    refuse_taken(name)


def test_the_form_says_so_too() -> None:
    for name in TAKEN:
        assert "Choose another name" in name_objection(name, Person("anna", False, {}))
