"""From a user and the settings to one lab's plan."""

from labyard.core.models import Mount, Owner, ServerPlan, ServerRef
from labyard.core.names import INSTALLATION, SERVER, USER_ID, Names
from labyard.options.declaration import Options
from labyard.settings.schema import Settings
from labyard.spawners.plan import plan

NAMES = Names("yard")


def make(settings: Settings | None = None, server: str = "", **changes: object) -> ServerPlan:
    values: dict[str, object] = {
        "given": Options(image="lab:1", cpu=1.5, memory=2**30),
        "command": ["labyard-lab"],
        "environment": {"JUPYTERHUB_API_TOKEN": "s", "JPY_API_TOKEN": "s", "JUPYTERHUB_USER": "a"},
        "mounts": [
            Mount("home", "yard-anna_home", "/home"),
            Mount("shared", "yard_shared", "/mnt/shared", shared=True),
        ],
    }
    ref = ServerRef(Owner(7, "anna"), server)
    return plan(ref, settings or Settings(), NAMES, **{**values, **changes})  # type: ignore[arg-type]


def test_credentials_are_parted_from_the_environment() -> None:
    planned = make()
    assert planned.secrets == {"JUPYTERHUB_API_TOKEN": "s", "JPY_API_TOKEN": "s"}
    assert not planned.secrets.keys() & planned.environment.keys()
    assert "'s'" not in repr(planned)


def test_everything_carries_its_labels() -> None:
    planned = make(server="two")
    assert planned.labels[INSTALLATION] == "yard"
    assert (planned.labels[USER_ID], planned.labels[SERVER]) == ("7", "two")
    assert planned.network is not None
    assert planned.network.labels[USER_ID] == "7"
    assert planned.volume_labels["yard-anna_home"][USER_ID] == "7"
    assert USER_ID not in planned.volume_labels["yard_shared"]


def test_all_servers_of_a_user_share_one_network() -> None:
    one, two = make(), make(server="two")
    assert one.name != two.name
    assert one.network == two.network


def test_hardening_and_services_follow_the_settings() -> None:
    settings = Settings.model_validate(
        {"labs": {"hardening": {"pids": 64, "log_size": "1M"}, "services": {"glances": True}}}
    )
    planned = make(settings)
    assert (planned.hardening.pids, planned.hardening.log_bytes) == (64, 2**20)
    assert planned.hardening.read_only_root
    assert planned.environment["ENABLE_SERVICE_GLANCES"] == "1"
    assert planned.environment["ENABLE_SERVICE_MLFLOW"] == "0"


def test_the_sites_environment_wins_over_our_defaults_but_not_over_switches() -> None:
    given = {"TENSORBOARD_LOGDIR": "/home/lab/runs", "ENABLE_SERVICE_GLANCES": "1", "HOME": "/x"}
    planned = make(environment=given)
    assert planned.environment["TENSORBOARD_LOGDIR"] == "/home/lab/runs"
    assert planned.environment["MLFLOW_TRACKING_URI"] == "http://localhost:5000"
    assert planned.environment["ENABLE_SERVICE_GLANCES"] == "0"
    assert planned.environment["HOME"] == "/home/lab"
