"""Whose volume is whose."""

from labyard.core.models import Lab, LabStatus, Owner, Volume
from labyard.core.names import INSTALLATION, Names, Scheme
from labyard.settings.schema import Settings
from labyard.volumes.catalog import catalog, resolve, users

NAMES = Names("yard")
STELLARS = Names("yard", Scheme.STELLARS)
SETTINGS = Settings().volumes
ANNA = Owner(7, "anna")


def owned(names: Names, name: str, owner: Owner, key: str) -> Volume:
    return Volume(name, names.volume_labels(owner.id, owner.name, key))


def sources(existing: list[Volume], owner: Owner = ANNA, names: Names = NAMES) -> dict[str, str]:
    return {m.key: m.source for m in resolve(SETTINGS, existing, owner, names)}


def test_a_newcomer_gets_the_canonical_names_and_the_shared_volume() -> None:
    assert sources([]) == {
        "home": "yard-anna_home",
        "workspace": "yard-anna_workspace",
        "cache": "yard-anna_cache",
        "shared": "yard_shared",
    }


def test_mounts_come_in_the_order_of_the_settings_with_their_targets() -> None:
    mounts = resolve(SETTINGS, [], ANNA, NAMES)
    assert [m.target for m in mounts] == [
        "/home",
        "/home/lab/workspace",
        "/home/lab/.cache",
        "/mnt/shared",
    ]
    assert [m.shared for m in mounts] == [False, False, False, True]


def test_a_volume_follows_its_owner_through_a_rename() -> None:
    existing = [owned(NAMES, "yard-anna_home", ANNA, "home")]
    assert sources(existing, Owner(7, "anna-maria"))["home"] == "yard-anna_home"


def test_a_name_of_an_earlier_user_is_never_handed_on() -> None:
    existing = [owned(NAMES, "yard-anna_home", Owner(3, "anna"), "home")]
    assert sources(existing)["home"] == "yard-anna--u7_home"


def test_the_later_name_is_found_again_by_its_label() -> None:
    existing = [
        owned(NAMES, "yard-anna_home", Owner(3, "anna"), "home"),
        owned(NAMES, "yard-anna--u7_home", ANNA, "home"),
    ]
    assert sources(existing)["home"] == "yard-anna--u7_home"


def test_an_unlabelled_volume_is_adopted_where_the_scheme_does() -> None:
    existing = [Volume("jupyterlab-anna_home", {}), Volume("jupyterlab-anna-2dm_home", {})]
    assert sources(existing, names=STELLARS)["home"] == "jupyterlab-anna_home"


def test_labels_of_other_programs_keep_no_volume_from_its_owner() -> None:
    existing = [Volume("jupyterlab-anna_home", {"com.docker.compose.project": "old"})]
    assert sources(existing, names=STELLARS)["home"] == "jupyterlab-anna_home"


def test_an_unlabelled_volume_is_left_alone_where_the_scheme_does_not_adopt() -> None:
    assert sources([Volume("yard-anna_home", {})])["home"] == "yard-anna--u7_home"


def test_a_volume_of_another_installation_is_not_adopted() -> None:
    existing = [Volume("jupyterlab-anna_home", {INSTALLATION: "other"})]
    assert sources(existing, names=STELLARS)["home"] == "jupyterlab-anna--u7_home"


def test_of_two_own_volumes_the_choice_is_stable() -> None:
    pair = [owned(NAMES, "b", ANNA, "home"), owned(NAMES, "a", ANNA, "home")]
    assert sources(pair)["home"] == sources(pair[::-1])["home"] == "a"


def test_the_catalog_tells_what_exists_and_what_may_be_reset() -> None:
    existing = [owned(NAMES, "yard-anna_cache", ANNA, "cache")]
    entries = {e.mount.key: e for e in catalog(SETTINGS, existing, ANNA, NAMES)}
    assert entries["cache"].exists
    assert not entries["home"].exists
    assert entries["home"].resettable
    assert not entries["shared"].resettable
    assert entries["workspace"].description == "notebooks, code"


def test_only_the_owners_running_labs_use_their_volumes() -> None:
    def lab(name: str, user: int, status: LabStatus) -> Lab:
        return Lab(name, name, status, "image", NAMES.lab_labels(user, "x", ""))

    labs = [
        lab("a", 7, LabStatus.RUNNING),
        lab("b", 7, LabStatus.STOPPED),
        lab("c", 8, LabStatus.RUNNING),
    ]
    assert [found.name for found in users(labs, ANNA)] == ["a"]
