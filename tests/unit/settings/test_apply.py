"""Labyard's settings as JupyterHub's configuration, against a bare Config."""

import json
from pathlib import Path

import pytest
from traitlets.config import Config

from labyard.core.paths import Paths
from labyard.settings.apply import CLI, SERVICE, Place, apply
from labyard.settings.schema import Settings


@pytest.fixture
def place(tmp_path: Path) -> Place:
    paths = Paths(tmp_path)
    paths.make()
    paths.secret("cli.token").write_text("t0ken\n")
    return Place(tmp_path / "labyard.yaml", paths, "10.177.255.254", "haproxy", "sqlite:///x")


def made(place: Place, **settings: object) -> Config:
    config = Config()
    apply(Settings.model_validate(settings), place, config)
    return config


def test_labs_and_proxy_outlive_the_hub(place: Place) -> None:
    hub = made(place).JupyterHub
    assert hub.cleanup_servers is False
    assert hub.cleanup_proxy is False


def test_no_cookie_goes_with_another_sites_form(place: Place) -> None:
    hub = made(place).JupyterHub
    assert hub.tornado_settings["cookie_options"] == {"samesite": "Lax"}
    pages = next(service for service in hub.services if service["name"] == SERVICE)
    told = json.loads(pages["environment"]["JUPYTERHUB_COOKIE_OPTIONS"])
    assert told == hub.tornado_settings["cookie_options"]


def test_addresses_follow_the_settings(place: Place) -> None:
    hub = made(place, base_url="/a/b", edge={"port": 9000}, hub={"port": 9001}).JupyterHub
    assert hub.bind_url == "http://127.0.0.1:9000/a/b/"
    assert hub.hub_bind_url == "http://10.177.255.254:9001"
    assert hub.default_url == "/a/b/services/labyard/"


def test_labs_names_are_below_the_address_that_people_type(place: Place) -> None:
    assert "subdomain_host" not in made(place, external_url="https://hub.org").JupyterHub
    names = {"subdomains": True}
    hub = made(place, external_url="https://hub.org/a", base_url="/a", edge=names).JupyterHub
    assert hub.subdomain_host == "https://hub.org"
    assert hub.cookie_host_prefix_enabled is True
    hub = made(place, external_url="http://hub.localhost:8000", edge=names).JupyterHub
    assert hub.subdomain_host == "http://hub.localhost:8000"
    assert hub.cookie_host_prefix_enabled is False


def test_limits_reach_the_spawner(place: Place) -> None:
    config = made(place, labs={"cpu": 1.5, "memory": "2G", "images": ["b"], "image": "a"})
    assert (config.Spawner.cpu_limit, config.Spawner.mem_limit) == (1.5, 2**31)
    assert (config.LabSpawner.image, config.LabSpawner.images) == ("a", ["b"])


def test_the_hub_gives_up_on_a_start_after_the_spawner_does(place: Place) -> None:
    config = made(place, labs={"start_timeout": "30s", "pull_timeout": "1m"})
    assert config.Spawner.start_timeout > 90


def test_the_page_service_may_end_servers_by_itself_and_nothing_else(place: Place) -> None:
    hub = made(place).JupyterHub
    own = {role["services"][0]: role["scopes"] for role in hub.load_roles if "services" in role}
    assert set(own) == {SERVICE, CLI}
    assert own[SERVICE] == ["read:servers", "delete:servers"]
    assert {service["name"] for service in hub.services} == {SERVICE, CLI}
    assert "t0ken" not in " ".join(hub.services[0]["command"])


@pytest.mark.parametrize("proxy", ["haproxy", "chp"])
def test_the_proxy_is_the_one_that_was_chosen(place: Place, proxy: str) -> None:
    other = Place(place.settings_file, place.paths, "127.0.0.1", proxy, "sqlite://")
    assert proxy in made(other).JupyterHub.proxy_class.lower()


def test_tokens_live_as_long_as_the_site_allows(place: Place) -> None:
    hub = made(place, auth={"longest_token": "30d"}).JupyterHub
    assert hub.token_expires_in_max_seconds == 30 * 86_400
    assert "token_expires_in_max_seconds" not in made(place).JupyterHub


def test_a_logo_is_found_beside_the_settings_file(place: Place) -> None:
    hub = made(place, site={"logo": "ours.svg"}).JupyterHub
    assert hub.logo_file == str(place.settings_file.parent / "ours.svg")
    assert "logo_file" not in made(place).JupyterHub
