"""Files that share an installation: the second one that takes a name is told whose it is."""

import pytest

from tests.tools.guests import Guests


def test_a_name_is_its_files_in_every_process(tmp_path):
    one, other = Guests(tmp_path / "book"), Guests(tmp_path / "book")
    one.note({"anna", "ben"}, "test_a.py")
    one.note({"anna", "ben"}, "test_b.py")  # they were here before it
    other.note({"carl"}, "test_c.py")
    with pytest.raises(AssertionError, match=r"test_d\.py needs names .*: ben is test_a\.py's"):
        other.note({"ben", "carl", "dora"}, "test_d.py")
