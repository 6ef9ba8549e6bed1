"""The environment's stamp: the same lock is installed once, a changed one again."""

import pytest


@pytest.fixture
def venv(tool, tmp_path):
    module = tool("venv")
    (tmp_path / "requirements").mkdir()
    for name in ("requirements/hub.txt", "requirements/dev.txt", "requirements/build.txt"):
        (tmp_path / name).write_text("a==1\n")
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    module.ROOT, module.VENV = tmp_path, tmp_path / ".venv"
    module.done = []
    module.create = module.VENV.mkdir
    module.install = module.done.append
    return module


def test_nothing_is_done_twice(venv):
    venv.main("hub")
    venv.create = None
    venv.main("hub")
    assert venv.done == ["hub"]


def test_the_larger_set_holds_the_smaller(venv):
    venv.main("dev")
    venv.main("hub")
    assert venv.done == ["dev"]


def test_a_changed_lock_is_installed(venv):
    venv.main("hub")
    (venv.ROOT / "requirements/hub.txt").write_text("a==2\n")
    venv.create = lambda: None
    venv.main("hub")
    assert venv.done == ["hub", "hub"]


def test_a_broken_installation_leaves_no_stamp(venv):
    def broken(_: str) -> None:
        raise SystemExit("no network")

    working, venv.install = venv.install, broken
    with pytest.raises(SystemExit):
        venv.main("hub")
    venv.install, venv.create = working, lambda: None
    venv.main("hub")
    assert venv.done == ["hub"]
