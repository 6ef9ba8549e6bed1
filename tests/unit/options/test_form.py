"""The form: what is offered is drawn, what was typed comes back, nothing in it runs."""

import json
import re
from html import unescape

import pytest

from labyard.options.form import ServerName, form
from labyard.options.limits import Limits
from labyard.options.parse import parse
from labyard.options.refused import OptionsRefused


def drawn(html: str) -> set[str]:
    return set(re.findall(r'name="([a-z]+)"', html))


def test_what_the_engine_lacks_is_not_drawn_and_refused_with_the_reason(limits: Limits) -> None:
    local = limits.model_copy(update={"lacks": {"cpu": "Labs are processes here."}})
    assert "cpu" in drawn(form(limits, {}))
    assert "cpu" not in drawn(form(local, {}))
    with pytest.raises(OptionsRefused) as refused:
        parse({"cpu": 1}, local)
    assert refused.value.fields == {
        "cpu": "it cannot be chosen. Labs are processes here. Leave it empty."
    }


def test_without_gpus_or_profiles_neither_is_drawn(limits: Limits) -> None:
    bare = limits.model_copy(update={"devices": (), "profiles": ()})
    assert not {"gpus", "profile"} & drawn(form(bare, {}))
    assert {"gpus", "profile"} <= drawn(form(limits, {}))


def test_an_error_is_beside_its_field_and_tied_to_it(limits: Limits) -> None:
    html = form(limits, {"cpu": ["1,5"]}, {"cpu": "write 1.5", "memory": "no"})
    field = re.search(r'<input [^>]*id="cpu"[^>]*>', html)
    assert field
    assert 'aria-invalid="true"' in field[0]
    assert 'aria-describedby="cpu-wrong cpu-help"' in field[0]
    assert 'value="1,5"' in field[0]
    assert "autofocus" in field[0]
    assert '<div class="invalid-feedback d-block" id="cpu-wrong">write 1.5</div>' in html
    assert html.count("autofocus") == 1


def test_what_belongs_to_no_field_is_told_above(limits: Limits) -> None:
    assert "privileged: no such option" in form(limits, {}, {"privileged": "no such option"})


def test_kept_choices_are_drawn_as_one_would_type_them(limits: Limits) -> None:
    html = form(
        limits,
        {"cpu": 0.5, "memory": 2**31, "environment": {"A": "1", "B": "x=y"}, "mount": False},
    )
    assert 'value="0.5"' in html
    assert 'value="2G"' in html
    assert ">A=1\nB=x=y</textarea>" in html
    assert '<option value="no" selected>' in html


def test_a_card_tells_what_its_profile_gives_and_fixes(limits: Limits) -> None:
    html = form(limits, {"profile": "course"})
    card = re.search(r'value="course" data-gives="([^"]*)" checked', html)
    assert card
    gives = json.loads(unescape(card[1]))
    assert gives["values"]["cpu"] == "1"
    assert "cpu" in gives["fixed"]
    assert "days" not in gives["fixed"]
    assert (
        "Up to 8"
        in json.loads(unescape(re.findall(r'value="big" data-gives="([^"]*)"', html)[0]))["help"][
            "cpu"
        ]
    )


def test_one_image_is_no_choice_and_any_is_where_the_site_says_so(limits: Limits) -> None:
    one = limits.model_copy(update={"images": ("lab:1",)})
    assert "image" not in drawn(form(one, {}))
    custom = one.model_copy(update={"custom_images": True})
    assert '<input class="form-control" id="image"' in form(custom, {})
    assert parse({"image": "any.org/lab:3"}, custom).image == "any.org/lab:3"


def test_nothing_that_was_typed_runs(limits: Limits) -> None:
    evil = '"><script>alert(1)</script>'
    everything = dict.fromkeys(("cpu", "image", "profile", "environment", "mount"), evil)
    html = form(limits, everything, {"cpu": evil, evil: evil}, ServerName(evil, evil, evil))
    assert "<script" not in html
