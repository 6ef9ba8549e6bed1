"""From a user and the settings to one lab's plan."""

from labyard.core.models import Mount, Owner, ServerPlan, ServerRef
from labyard.core.names import GPUS, INSTALLATION, SERVER, USER_ID, Names, limits_told
from labyard.options.declaration import Options
from labyard.settings.schema import Settings
from labyard.spawners.plan import plan, with_gpus, with_limits_told

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


def test_chosen_variables_win_over_the_sites_but_not_over_the_labs_own() -> None:
    chosen = Options.model_construct(environment={"TENSORBOARD_LOGDIR": "/x", "A": "1"})
    planned = make(given=chosen, environment={"TENSORBOARD_LOGDIR": "/site", "A": "0"})
    assert planned.environment["TENSORBOARD_LOGDIR"] == "/x"
    assert planned.environment["A"] == "1"
    assert planned.environment["HOME"] == "/home/lab"


def test_without_volumes_the_topmost_places_are_scratch_and_nothing_is_shared() -> None:
    mounts = [
        Mount("home", "yard-anna_home", "/home"),
        Mount("workspace", "yard-anna_workspace", "/home/lab/workspace"),
        Mount("data", "yard-anna_data", "/data"),
        Mount("shared", "yard_shared", "/mnt/shared", shared=True),
    ]
    planned = make(given=Options(mount=False), mounts=mounts)
    assert planned.mounts == ()
    assert set(planned.scratch) == {"/home", "/data"}
    assert make(given=Options(mount=True), mounts=mounts).scratch == ()


def test_labels_tell_the_limits_and_the_gpus_after_the_sites_last_word() -> None:
    planned = with_limits_told(with_gpus(make(given=Options(cpu=0.5)), ("GPU-a", "GPU-b")))
    assert limits_told(planned.labels) == (0.5, None)
    assert planned.labels[GPUS] == "GPU-a,GPU-b"
    large = with_limits_told(make(given=Options(cpu=1 / 3, memory=64 * 2**30)))
    assert limits_told(large.labels) == (1 / 3, 64 * 2**30), "every byte and every digit"
    assert with_gpus(planned, ()) is planned
    assert limits_told({}) is None
