from dataclasses import replace
from pathlib import Path

from labyard.core.models import Mount, MountKind
from labyard.engines.local.record import load, record, save
from labyard.engines.local.spec import FIRST_ACCOUNT, Account, Order, Place, account, order

from .conftest import TOKEN, make_plan

PLACE = Place(Path("/srv/local"))
HOME = "/srv/local/volumes/tlocal-anna_home/lab"


def ordered(euid: int = 0, **changes: object) -> Order:
    lab = replace(record(make_plan(**changes)), port=45678)
    return order(lab, PLACE, Path("/opt/lab/bin"), euid)


def test_paths_of_the_plan_become_directories_of_the_engine() -> None:
    told = ordered(
        environment={
            "NOTEBOOKS": "/home/lab/workspace/deep",
            "SHARED": "/mnt/shared",
            "SCRATCH": "/tmp/x",
            "ELSEWHERE": "/opt/tool",
            "WORD": "homely",
            "NEAR": "/home2/lab",
        }
    )
    found = {name: told.environment[name] for name in ("NOTEBOOKS", "SHARED", "SCRATCH")}
    assert found == {
        "NOTEBOOKS": "/srv/local/volumes/tlocal-anna_workspace/deep",
        "SHARED": "/srv/local/volumes/tlocal_shared",
        "SCRATCH": "/srv/local/labs/tlocal-anna/tmp/x",
    }
    assert told.environment["HOME"] == told.directory == HOME
    assert [told.environment[n] for n in ("ELSEWHERE", "WORD", "NEAR")] == [
        "/opt/tool",
        "homely",
        "/home2/lab",
    ]


def test_links_stand_where_mounts_would_be() -> None:
    assert ordered().links == (
        (f"{HOME}/workspace", "/srv/local/volumes/tlocal-anna_workspace"),
        (f"{HOME}/shared", "/srv/local/volumes/tlocal_shared"),
    )


def test_a_home_without_a_volume_is_the_labs_own() -> None:
    told = ordered(mounts=(Mount("data", "/data", "/mnt/data", MountKind.BIND),))
    assert told.directory == "/srv/local/labs/tlocal-anna/home"
    assert told.links == ((f"{told.directory}/data", "/data"),)


def test_a_home_may_be_a_mount_itself() -> None:
    told = ordered(mounts=(Mount("home", "v", "/home/lab"),))
    assert (told.directory, told.links) == ("/srv/local/volumes/v", ())


def test_the_lab_listens_on_loopback_on_its_own_port() -> None:
    told = ordered(command=("serve", "--port", "8888", "18888"))
    assert told.command == ("serve", "--port", "45678", "18888")
    assert told.environment["JUPYTERHUB_SERVICE_URL"] == "http://127.0.0.1:45678/user/anna/"


def test_no_secret_is_in_the_order_or_in_what_is_remembered(tmp_path: Path) -> None:
    told = ordered()
    assert TOKEN not in repr(told)
    assert told.environment["LABYARD_SECRETS"] == "/srv/local/labs/tlocal-anna/secrets.json"
    save(tmp_path / "lab.json", record(make_plan()))
    assert TOKEN not in (tmp_path / "lab.json").read_text()


def test_accounts_are_distinct_and_never_root() -> None:
    assert account(7, euid=0) == Account(FIRST_ACCOUNT + 7, FIRST_ACCOUNT)
    assert account(7, euid=1000) is None


def test_what_is_remembered_is_what_was_made(tmp_path: Path) -> None:
    made = record(make_plan())
    save(tmp_path / "lab.json", made)
    assert load(tmp_path / "lab.json") == made
    assert load(tmp_path / "none.json") is None
