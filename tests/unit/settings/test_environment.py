"""The names of environment variables: the regular one of each setting and those that sites bring."""

import pytest

from labyard.settings.compat import TRANSLATIONS, UNSUPPORTED, warnings
from labyard.settings.declared import by_variable, options
from tests.unit.settings.conftest import Site

IMAGE = "registry.example.org/lab:1"


def at(site: Site, path: str, environ: dict[str, str]) -> object:
    value: object = site.load("", environ).settings
    for key in path.split("."):
        value = value[key] if isinstance(value, dict) else getattr(value, key)
    return value if isinstance(value, (bool, int, float, list, dict)) else str(value)


@pytest.mark.parametrize(
    ("name", "text", "path", "value"),
    [
        ("LABYARD_EDGE__PORT", "9000", "edge.port", 9000),
        ("LABYARD_LABS__CPU", "0.5", "labs.cpu", 0.5),
        ("LABYARD_LABS__MEMORY", "2G", "labs.memory", 2**31),
        (
            "LABYARD_LABS__HARDENING__READ_ONLY_ROOT",
            "false",
            "labs.hardening.read_only_root",
            False,
        ),
        ("LABYARD_LABS__IMAGES", f"[{IMAGE}, b]", "labs.images", [IMAGE, "b"]),
        ("LABYARD_LABS__ENVIRONMENT", '{A: "1"}', "labs.environment", {"A": "1"}),
        ("LABYARD_SITE__NAME", "true", "site.name", "true"),
        ("LABYARD_SITE__NAME", "12", "site.name", "12"),
        # The names of S.
        ("JUPYTERHUB_ADMIN", "Admin", "auth.admin", "admin"),
        ("DOCKER_NOTEBOOK_IMAGE", IMAGE, "labs.image", IMAGE),
        ("DOCKER_NOTEBOOK_DIR", "/home/lab/workspace", "labs.notebook_dir", "/home/lab/workspace"),
        ("JUPYTERHUB_BASE_URL", "/jupyterhub", "base_url", "/jupyterhub/"),
        ("ENABLE_SERVICE_MLFLOW", "1", "labs.services.mlflow", True),
        ("ENABLE_SERVICE_TENSORBOARD", "0", "labs.services.tensorboard", False),
        ("ENABLE_SERVICE_GLANCES", "1", "labs.services.glances", True),
        ("TF_CPP_MIN_LOG_LEVEL", "3", "labs.environment.TF_CPP_MIN_LOG_LEVEL", "3"),
        ("TENSORBOARD_LOGDIR", "/tmp/t", "labs.environment.TENSORBOARD_LOGDIR", "/tmp/t"),
        # Of G, P and M.
        ("JUPYTERHUB_EXTERNAL_URL", "https://a.example", "external_url", "https://a.example"),
        ("JUPYTERHUB_LOG_LEVEL", "debug", "hub.log_level", "DEBUG"),
        ("JUPYTERHUB_LOG_LEVEL", "WARN", "hub.log_level", "WARNING"),
        ("JUPYTERHUB_LOG_LEVEL", "20", "hub.log_level", "INFO"),
        ("JUPYTERHUB_DB_URL", "sqlite:///x", "hub.database", "sqlite:///x"),
        ("DOCKER_JUPYTER_CONTAINER", IMAGE, "labs.image", IMAGE),
        ("DOCKER_HOST", "unix:///run/podman.sock", "engine.socket", "unix:///run/podman.sock"),
        ("HUB_NAME", "Hub1", "installation", "hub1"),
        ("EXECUTION_MODE", "docker", "engine.kind", "docker"),
        # ML Hub's word for Docker on this machine: never our engine without isolation.
        ("EXECUTION_MODE", "local", "engine.kind", "docker"),
    ],
)
def test_a_name_sets_its_setting(
    site: Site, name: str, text: str, path: str, value: object
) -> None:
    assert at(site, path, {name: text}) == value
    assert name in site.load("", {name: text}).sources[path]


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        (
            {"EXECUTION_MODE": "k8s"},
            'EXECUTION_MODE: engine.kind: "k8s" is not allowed; it must be docker or local;'
            " Kubernetes is not supported yet.",
        ),
        (
            {"ENABLE_SERVICE_MLFLOW": "2"},
            'ENABLE_SERVICE_MLFLOW: labs.services.mlflow: "2" is not allowed; it must be 0 or 1.',
        ),
        (
            {"LABYARD_EDGE__PROT": "1"},
            "LABYARD_EDGE__PROT: there is no such setting; did you mean LABYARD_EDGE__PORT?",
        ),
        (
            {"LABYARD_LABS__IMAGES": "[a"},
            "LABYARD_LABS__IMAGES:1: is not YAML: expected ',' or ']', but got '<stream end>'.",
        ),
        (
            {"LABYARD_LABS__ENVIRONMENT": "{A: a, A: b}"},
            "LABYARD_LABS__ENVIRONMENT:1: A: is given twice; the first is on line 1.",
        ),
        (
            {"HUB_NAME": "a", "LABYARD_INSTALLATION": "b"},
            'HUB_NAME and LABYARD_INSTALLATION: installation: they set it to two values: "a" and'
            ' "b"; keep one of them.',
        ),
        (
            {"DOCKER_NOTEBOOK_IMAGE": "a", "DOCKER_JUPYTER_CONTAINER": "b"},
            "DOCKER_JUPYTER_CONTAINER and DOCKER_NOTEBOOK_IMAGE: labs.image: they set it to two"
            ' values: "b" and "a"; keep one of them.',
        ),
        (
            {"TF_CPP_MIN_LOG_LEVEL": "3", "LABYARD_LABS__ENVIRONMENT": '{TF_CPP_MIN_LOG_LEVEL: "0"}'},
            "LABYARD_LABS__ENVIRONMENT and TF_CPP_MIN_LOG_LEVEL:"
            ' labs.environment.TF_CPP_MIN_LOG_LEVEL: they set it to two values: "0" and "3"; keep'
            " one of them.",
        ),
    ],
)  # fmt: skip
def test_what_is_said_of_a_name(site: Site, environ: dict[str, str], said: str) -> None:
    assert site.problems("", environ) == [said]


@pytest.mark.parametrize(
    "environ",
    [
        {"JUPYTERHUB_BASE_URL": "/hub", "LABYARD_BASE_URL": "hub/"},
        {"HUB_NAME": "A", "LABYARD_INSTALLATION": "a"},
        {"TF_CPP_MIN_LOG_LEVEL": "3", "LABYARD_LABS__ENVIRONMENT": '{A: "0"}'},
    ],
)
def test_two_names_that_agree_are_fine(site: Site, environ: dict[str, str]) -> None:
    site.load("", environ)


def test_an_empty_variable_is_not_set(site: Site) -> None:
    names = {name: "" for option in options() for name in option.variables}
    assert site.load("", {**names, "LABYARD_NONE": ""}).sources["edge.port"] == "default"


@pytest.mark.parametrize("name", ["LABYARD_CONFIG", "LABYARD_SECRETS", "LABYARD_TEST_X", "PATH"])
def test_names_that_are_no_settings_are_left_alone(site: Site, name: str) -> None:
    assert site.load("", {name: "x"}).warnings == ()


def test_no_two_settings_have_a_name_in_common() -> None:
    names = [name for option in options() for name in option.variables]
    assert len(set(names)) == len(names)
    assert not set(names) & set(UNSUPPORTED)


def test_every_translation_is_of_a_declared_name() -> None:
    assert set(TRANSLATIONS) <= set(by_variable())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DOCKER_NETWORK_NAME", "jupyterhub_network"),
        ("ENABLE_GPU_SUPPORT", "2"),
        ("ENABLE_JUPYTERHUB_SSL", "1"),
        ("NVIDIA_AUTODETECT_IMAGE", "nvidia/cuda:12.9.1-base-ubuntu24.04"),
        ("MLFLOW_PORT", "5000"),
        ("MLFLOW_HOST", "0.0.0.0"),
        ("ENABLE_GPUSTAT", "1"),
        ("NVIDIA_DETECTED", "1"),
        ("JUPYTERHUB_CRYPT_KEY", "ab"),
        ("HUB_IP", "jupyterhub"),
        ("CLEANUP_INTERVAL_SECONDS", "3600"),
        ("DYNAMIC_WHITELIST_ENABLED", "true"),
        ("SSL_ENABLED", "true"),
        ("START_SSH", "true"),
        ("START_NGINX", "false"),
        ("START_JHUB", "false"),
        ("START_CHP", "true"),
    ],
)
def test_a_known_name_that_does_nothing_is_told(site: Site, name: str, value: str) -> None:
    (warning,) = site.load("", {name: value}).warnings
    assert warning == f"{name} does nothing: {UNSUPPORTED[name].reason}."


@pytest.mark.parametrize(
    ("name", "value"),
    [("ENABLE_GPU_SUPPORT", "0"), ("CLEANUP_INTERVAL_SECONDS", "-1"), ("START_NGINX", "True"),
     ("SSL_ENABLED", "false"), ("START_SSH", ""), ("DYNAMIC_WHITELIST_ENABLED", "False")],
)  # fmt: skip
def test_a_name_that_asks_for_what_happens_anyway_is_not(name: str, value: str) -> None:
    assert warnings({name: value}) == ()


def test_a_service_that_does_not_exist_is_told() -> None:
    assert warnings({"ENABLE_SERVICE_TENSORBORD": "1"}) == (
        "ENABLE_SERVICE_TENSORBORD does nothing: there is only ENABLE_SERVICE_MLFLOW,"
        " ENABLE_SERVICE_TENSORBOARD, ENABLE_SERVICE_GLANCES.",
    )
