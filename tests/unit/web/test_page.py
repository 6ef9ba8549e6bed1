"""The frame around every page, with the hub's real template."""

import hashlib
import re

import pytest

from labyard.core import causes
from labyard.incidents.incident import Incident
from labyard.settings.schema import Settings
from labyard.web.files import STATIC
from labyard.web.page import Frame, environment, template_paths
from labyard.web.sampler import Snapshot
from labyard.web.servers import Failed, Server
from labyard.web.view.home import home
from labyard.web.view.incidents import view_failures, view_incidents
from labyard.web.view.tools import Tool
from tests.unit.web.conftest import ANNA, NAMES, NOW, person, running, share

# From the npm package of that name and version: package/dist/htmx.min.js.
HTMX = ("htmx.org", "2.0.11", "d6fdc75f204e6bdefa99b69bf1e6d4ac69b8a364f77929f45c13476b4000f717")
OOM = Incident(causes.LAB_OUT_OF_MEMORY, ANNA.id, "", NOW)


def test_htmx_is_the_file_that_was_vetted() -> None:
    content = (STATIC / "vendor" / "htmx.min.js").read_bytes()
    assert hashlib.sha256(content).hexdigest() == HTMX[2]
    assert f'version:"{HTMX[1]}"'.encode() in content


def render(settings: Settings, snapshot: Snapshot, **caller: object) -> tuple[str, str]:
    failing = person(Server("train", failed=Failed("no-image", "There is no such image", 2**30)))
    drawn = home(
        person(running()),
        ANNA,
        snapshot,
        {},
        allowed=share(settings),
        settings=settings,
        names=NAMES,
        now=NOW,
    )
    return Frame(settings).render(
        "service/home.html",
        caller={"name": "anna", **caller},
        xsrf="token",
        home=drawn,
        tools=(Tool("Glances", "speedometer2", "/user/anna/glances/"),),
        incidents=(*view_failures(failing, NOW), *view_incidents([OOM], NOW, {"": 2**30})),
        said=None,
        pending=f"{settings.base_url}hub/spawn-pending/anna",
        expiries={},
    )


def test_every_script_carries_the_nonce(settings: Settings, snapshot: Snapshot) -> None:
    page, nonce = render(settings, snapshot)
    scripts = re.findall(r"<script[^>]*>", page)
    assert len(scripts) > 3
    assert all(f'nonce="{nonce}"' in script for script in scripts)


def test_every_form_is_a_post_with_its_token(settings: Settings, snapshot: Snapshot) -> None:
    page, _ = render(settings, snapshot)
    forms = re.findall(r"<form.*?</form>", page, re.DOTALL)
    assert len(forms) >= 2
    for form in forms:
        assert 'method="post"' in form
        assert 'name="_xsrf" value="token"' in form


def test_nothing_needs_inline_style_or_handlers(settings: Settings, snapshot: Snapshot) -> None:
    page, _ = render(settings, snapshot)
    main = page[page.index("<main") :]
    assert not re.search(r"\sstyle=|\son[a-z]+=", main)


def test_what_is_swapped_while_it_has_the_focus_gives_it_back(
    settings: Settings, snapshot: Snapshot
) -> None:
    page, _ = render(settings, snapshot)
    main = page[page.index("<main") : page.index("</main>")]
    controls = re.findall(r"<(?:a|button|summary)\b[^>]*>", main)
    ids = [found[1] if (found := re.search(r'\sid="([^"]+)"', c)) else c for c in controls]
    assert len(ids) >= 10
    assert not [id for id in ids if id.startswith("<") or ids.count(id) > 1]


def test_what_people_wrote_is_text(snapshot: Snapshot) -> None:
    settings = Settings.model_validate({"site": {"announcement": "<script>alert(1)</script>"}})
    page, _ = render(settings, snapshot, name="<b>anna</b>")
    assert "alert(1)</script>" not in page
    assert "<b>anna</b>" not in page


def test_admins_get_a_link_and_others_do_not(settings: Settings, snapshot: Snapshot) -> None:
    link = "services/labyard/admin/"
    assert link in render(settings, snapshot, scopes=["read:hub"])[0]
    assert link not in render(settings, snapshot, scopes=["read:hub!user=anna"])[0]


def test_addresses_follow_the_base_url(snapshot: Snapshot) -> None:
    settings = Settings.model_validate({"base_url": "/jupyterhub"})
    page, _ = render(settings, snapshot)
    assert 'action="/jupyterhub/services/labyard/server/stop"' in page
    local = re.findall(r'(?:href|src|action)="(/[^"]*)"', page)
    foreign = [url for url in local if not url.startswith(("/jupyterhub/", "/user/"))]
    assert foreign == []


def test_the_sites_own_name_replaces_ours(snapshot: Snapshot) -> None:
    page, _ = render(Settings.model_validate({"site": {"name": "Genome Lab"}}), snapshot)
    assert re.search(r'class="brand[^>]*>Genome Lab<', page)


@pytest.mark.parametrize(
    "template",
    sorted(path.name for path in (STATIC.parent / "templates").glob("*.html")),
)
def test_every_template_is_one(template: str) -> None:
    environment().get_template(template)


def test_the_hub_finds_what_its_pages_include() -> None:
    templates, static = template_paths()
    assert templates.endswith("templates")
    assert (STATIC / "starting.js").exists()
    assert static == str(STATIC)
