"""Where settings come from, what lies on what, and how that is told."""

from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from labyard.core.errors import SettingsError
from labyard.settings.declared import options
from labyard.settings.environment import relevant
from labyard.settings.load import load
from labyard.settings.schema import Settings
from tests.unit.settings.conftest import Site


def test_nothing_written_is_every_default(site: Site) -> None:
    loaded = site.load()
    assert loaded.settings == Settings()
    assert set(loaded.sources.values()) == {"default"}
    assert loaded.warnings == ()


@pytest.mark.parametrize("text", ["\n", "# nothing\n", "---\n", "edge:\nlabs:\n  services:\n"])
def test_an_empty_document_or_group_changes_nothing(site: Site, text: str) -> None:
    assert site.load(text).settings == Settings()


def test_null_is_a_value_where_there_may_be_none(site: Site) -> None:
    labs = site.load("labs: {cpu: null, memory: null}").settings.labs
    assert (labs.cpu, labs.memory) == (None, None)


def test_a_size_may_be_none_at_all_where_the_help_says_so(site: Site) -> None:
    assert site.load("labs: {host_reserve: 0}").settings.labs.host_reserve == 0


def test_later_files_lie_on_earlier_ones_and_the_environment_on_all(site: Site) -> None:
    site.write("edge: {port: 9002}\nlabs: {images: [c]}\n", "conf.d/20.yaml")
    site.write("edge: {port: 9001, max_body: 1M}\n", "conf.d/10.yaml")
    site.write("edge: {port: 9999}\n", "conf.d/README.txt")
    loaded = site.load(
        "edge: {port: 9000, address: 0.0.0.0}\nlabs: {images: [a, b], environment: {A: a, B: b}}\n",
        {"LABYARD_LABS__MEMORY": "2G", "LABYARD_LABS__ENVIRONMENT": "{B: c, C: c}"},
    )
    edge, labs = loaded.settings.edge, loaded.settings.labs
    assert (edge.port, edge.address, edge.max_body) == (9002, "0.0.0.0", 2**20)
    assert labs.images == ["c"]
    assert labs.memory == 2**31
    assert labs.environment == {"A": "a", "B": "c", "C": "c"}
    assert loaded.sources["edge.port"] == "conf.d/20.yaml:1"
    assert loaded.sources["edge.address"] == "labyard.yaml:1"
    assert loaded.sources["edge.max_body"] == "conf.d/10.yaml:1"
    assert loaded.sources["labs.images"] == "conf.d/20.yaml:2"
    assert loaded.sources["labs.memory"] == "LABYARD_LABS__MEMORY"
    assert loaded.sources["labs.environment.A"] == "labyard.yaml:2"
    assert loaded.sources["labs.environment.B"] == "LABYARD_LABS__ENVIRONMENT"
    assert loaded.sources["labs.environment"] == "labyard.yaml:2, LABYARD_LABS__ENVIRONMENT"
    assert loaded.sources["hub.port"] == "default"


def test_a_mapping_in_place_of_a_wrong_value_heals_it(site: Site) -> None:
    site.write("edge: {port: 9001}\n", "conf.d/10.yaml")
    assert site.load("edge: 5\n").settings.edge.port == 9001


def test_keys_and_text_are_as_written(site: Site) -> None:
    text = "labs: {environment: {NO: 'no', ON: 2024-01-01, X: 1:30, Y: 0o17}}"
    assert site.load(text).settings.labs.environment == {
        "NO": "no",
        "ON": "2024-01-01",
        "X": "1:30",
        "Y": "0o17",
    }


def test_the_file_is_the_one_given_else_that_of_the_environment_else_here(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.write("edge: {port: 9001}\n")
    site.write("edge: {port: 9002}\n", "other.yaml")
    monkeypatch.chdir(tmp_path)
    other = str(tmp_path / "other.yaml")
    assert load(None, {}).settings.edge.port == 9001
    assert load(None, {"LABYARD_CONFIG": other}).settings.edge.port == 9002
    assert load(site.file, {"LABYARD_CONFIG": other}).settings.edge.port == 9001
    assert load(None, {}).path == tmp_path / "labyard.yaml"
    monkeypatch.setenv("LABYARD_EDGE__PORT", "9003")
    assert load().settings.edge.port == 9003


def test_the_data_directory_is_beside_the_settings_file(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir("/")
    assert site.load().data_dir == tmp_path.resolve() / "var"
    assert site.load("data_dir: ../x").data_dir == tmp_path.resolve().parent / "x"
    assert site.load("data_dir: /srv/labyard").data_dir == Path("/srv/labyard")
    monkeypatch.setenv("HOME", "/home/somebody")
    assert site.load("data_dir: ~/labyard").data_dir == Path("/home/somebody/labyard")


def test_a_file_that_was_named_and_is_not_there_is_told(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    assert load(path, {}).warnings == (f"{path} does not exist: every setting has its default.",)


def test_a_file_beside_with_another_ending_is_told(site: Site) -> None:
    site.write("edge: {port: 1}", "conf.d/10.yml")
    assert site.load().warnings == (
        "conf.d/10.yml does nothing: only names that end in .yaml are read.",
    )


def test_a_notebook_directory_on_no_volume_is_told(site: Site) -> None:
    assert site.load("", {"DOCKER_NOTEBOOK_DIR": "/srv/work"}).warnings == (
        "labs.notebook_dir is /srv/work, which is on no volume: work there goes with the lab.",
    )


def test_a_logo_that_is_not_there_is_told_from_beside_the_settings(site: Site) -> None:
    logo = "site: {logo: pictures/ours.svg}"
    assert site.load(logo).warnings == (
        "site.logo is pictures/ours.svg, which is no file here: pages show no picture.",
    )
    site.write("<svg/>", "pictures/ours.svg")
    assert site.load(logo).warnings == ()


def test_what_only_the_firewall_can_do_is_not_promised_without_it(site: Site) -> None:
    with pytest.raises(
        SettingsError, match=r"network\.internet is false, which only network\.firewall"
    ):
        site.load("network: {internet: false, firewall: false}")
    assert site.load("network: {internet: false}").settings.network.internet is False


def test_what_people_type_has_the_base_path_once(site: Site) -> None:
    under = "base_url: /jupyterhub\nexternal_url: "
    for typed in ("https://x.org", "https://x.org/", "https://x.org/jupyterhub/"):
        assert site.load(under + typed).settings.public_url == "https://x.org/jupyterhub/"
    assert site.load("edge: {port: 80}").settings.public_url == ""
    with pytest.raises(
        SettingsError, match=r"external_url ends in /labs, but base_url is /jupyterhub/"
    ):
        site.load(under + "https://x.org/labs")


@pytest.mark.parametrize(
    "address", ["''", "http://10.0.0.1", "http://[::1]:80", "http://localhost"]
)
def test_labs_get_no_names_below_what_is_no_name(site: Site, address: str) -> None:
    with pytest.raises(
        SettingsError, match=r"edge\.subdomains is true, which needs an external_url"
    ):
        site.load(f"edge: {{subdomains: true}}\nexternal_url: {address}")


def test_a_postgresql_address_gets_the_driver_that_is_installed(site: Site) -> None:
    for scheme in ("postgres", "postgresql", "postgresql+psycopg"):
        loaded = site.load(f"hub: {{database: '{scheme}://u:p@h/d'}}")
        assert loaded.settings.hub.database == "postgresql+psycopg://u:p@h/d"


def test_a_secret_is_not_in_the_settings_representation(site: Site) -> None:
    assert "hunter2" not in repr(site.load("hub: {database: 'postgresql://u:hunter2@h/d'}"))


def test_what_a_child_process_needs_gives_it_the_same_settings(site: Site) -> None:
    environ = {"JUPYTERHUB_ADMIN": "anna", "LABYARD_EDGE__PORT": "9001", "PATH": "/bin"}
    environ["LABYARD_CONFIG"] = str(site.file)
    handed = relevant(environ)
    assert handed == {"JUPYTERHUB_ADMIN": "anna", "LABYARD_EDGE__PORT": "9001"}
    assert site.load("", handed).settings == site.load("", environ).settings


plain = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
trees = st.recursive(
    plain,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([*Settings.model_fields, "port", "name", "target", "services", "x.y"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
variables = st.sampled_from([name for option in options() for name in option.variables])
by_hand = settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture])


@by_hand
@given(tree=trees)
def test_any_document_is_taken_or_refused_line_by_line(site: Site, tree: object) -> None:
    site.file.write_text(yaml.safe_dump(tree))
    try:
        site.load()
    except SettingsError as error:
        lines = error.message.split("\n")
        assert all(line.startswith("labyard.yaml:") for line in lines)


@by_hand
@given(environ=st.dictionaries(variables, plain.map(str) | trees.map(yaml.safe_dump), max_size=3))
def test_any_environment_is_taken_or_refused_by_name(site: Site, environ: dict[str, str]) -> None:
    try:
        site.load("", environ)
    except SettingsError as error:
        for line in error.message.split("\n"):
            assert any(line.startswith(name) for name in environ)


@by_hand
@given(
    text=st.binary(max_size=40) | st.text("{}[]&*!:- \n\tab'\"#|>%@", max_size=30).map(str.encode)
)
def test_any_bytes_are_taken_or_refused(site: Site, text: bytes) -> None:
    site.file.write_bytes(text)
    try:
        site.load()
    except SettingsError as error:
        assert error.message.startswith("labyard.yaml")  # noqa: PT017
