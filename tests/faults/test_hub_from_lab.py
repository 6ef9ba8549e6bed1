"""What stands between a lab and its hub: the lab sees it within seconds, and it is named."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import docker
import pytest

from labyard.core import causes
from labyard.core.causes import Cause
from tests.tools.person import Person, eventually
from tests.tools.variants import variant
from tests.tools.yard import Yard

HOME = "services/labyard/"
NAMED = 15.0  # seconds: read soon after a start, not as seldom as later, which is 30 s

# A site's last word goes wrong for servers of these names.
HOOK = """
from dataclasses import replace


def spoil(spawner, plan):
    hub = plan.environment["JUPYTERHUB_API_URL"]
    if spawner.name == "stranger":
        return replace(plan, secrets={**plan.secrets, "JUPYTERHUB_API_TOKEN": "somebody-elses"})
    if spawner.name == "shut-out":
        wrong = hub.replace(":%d/" % PORT, ":9/")
        assert wrong != hub
        return replace(plan, environment={**plan.environment, "JUPYTERHUB_API_URL": wrong})
    return plan


c.LabSpawner.plan_hook = spoil
"""
# Python reads such a file more than once.
AHEAD = "import time; time.time = lambda now=time.time_ns: now() / 1e9 + 7200"
BROKEN = {
    "other-version": "sed -i 's/^version_info = (6/version_info = (4/' jupyterhub/_version.py",
    "without": "rm -r jupyterhub/singleuser",
    "two-hours-ahead": f"echo '{AHEAD}' > skew.pth",
}


@pytest.fixture(scope="module")
def images(engine_client: docker.DockerClient) -> Iterator[dict[str, str]]:
    with ExitStack() as stack:
        yield {
            name: stack.enter_context(variant(engine_client, name, line))
            for name, line in BROKEN.items()
        }


@pytest.fixture(scope="module")
def gina(make_yard: Callable[..., Yard], images: dict[str, str]) -> Person:
    yard = make_yard(labs={"images": list(images.values()), "named_servers": 9})
    (yard.directory / "jupyterhub_config.d").mkdir()
    port = yard.settings["hub"]["port"]
    (yard.directory / "jupyterhub_config.d/spoil.py").write_text(f"PORT = {port}\n{HOOK}")
    yard.up()
    yard.bootstrap()
    return yard.member("gina")


def told(person: Person, server: str, **options: str) -> str:
    """Return what is said about a start, once it is over."""
    answer = person.start(server, **options)
    eventually(lambda: not (person.model(server) or {}).get("pending"), 60, "the start is over")
    assert not person.ready(server)
    return answer.text + person.get(f"hub/spawn-pending/{person.name}/{server}").text


@pytest.mark.parametrize(
    ("server", "cause"),
    [("stranger", causes.TOKEN_REFUSED), ("shut-out", causes.HUB_UNREACHABLE)],
)
def test_a_lab_that_has_no_hub_says_so(gina: Person, server: str, cause: Cause) -> None:
    assert cause.title in told(gina, server)


@pytest.mark.parametrize(
    ("broken", "cause"),
    [("other-version", causes.VERSION_MISMATCH), ("without", causes.NO_SINGLEUSER)],
)
def test_an_image_that_does_not_fit_says_so(
    gina: Person, images: dict[str, str], broken: str, cause: Cause
) -> None:
    assert cause.title in told(gina, broken, image=images[broken])


def test_a_lab_in_another_time_starts_and_home_says_by_how_much(
    gina: Person, images: dict[str, str]
) -> None:
    gina.run("late", image=images["two-hours-ahead"])
    words = "The lab&#39;s clock is 2 hours ahead of the hub&#39;s."
    eventually(lambda: words in gina.get(HOME).text, NAMED, "home says so")
    gina.halt("late")
    assert words not in gina.get(HOME).text


def test_a_lab_that_is_well_has_nothing_to_say(gina: Person) -> None:
    gina.run("well")
    told = re.findall(r'<section[^>]*data-code="([^"]*)"', gina.get(HOME).text)
    assert set(told) <= {"failed-start"}, "of the servers before, which did not start"
    gina.halt("well")
