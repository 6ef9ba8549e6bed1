"""Files that are whole or the old ones, and private."""

from pathlib import Path

from labyard.core.files import replace


def test_a_file_is_its_owners_alone_whatever_it_was_before(tmp_path: Path) -> None:
    file = tmp_path / "it"
    file.write_text("old")
    file.chmod(0o644)
    replace(file, "new")
    assert file.read_text() == "new"
    assert file.stat().st_mode & 0o777 == 0o600
    assert [left.name for left in tmp_path.iterdir()] == ["it"]
