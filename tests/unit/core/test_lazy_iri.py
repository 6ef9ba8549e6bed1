"""Addresses are checked as ever, and nothing is compiled before. Each in a Python of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
COMPILED = "sys.modules.get('lark') is not None"


def python(code: str) -> str:
    """Run code in a fresh interpreter where the module is put off; return what it printed."""
    start = "import sys; from labyard.core import lazy_iri; lazy_iri.install()\n"
    done = subprocess.run(
        [sys.executable, "-c", start + code], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_jsonschema_starts_without_compiling_it() -> None:
    assert python(f"import jsonschema; print({COMPILED})") == "False"


CASES = [
    ("iri", "https://exämple.org/straße?ü=1#é", True),
    ("iri", "no scheme", False),
    ("iri", "/only/a/päth", False),
    ("iri-reference", "/only/a/päth", True),
    ("iri-reference", "a b", False),
]


@pytest.fixture(scope="module")
def answers() -> list[tuple[str, str]]:
    """What each case gives with the module put off, and without us: compiling takes a second each time."""
    check = (
        "import jsonschema, sys\n"
        "from jsonschema import Draft202012Validator as V\n"
        f"for format, value, _ in {CASES!r}:\n"
        "    schema = {'format': format}\n"
        f"    print(V(schema, format_checker=V.FORMAT_CHECKER).is_valid(value), {COMPILED})"
    )
    plain = subprocess.check_output([sys.executable, "-c", check], text=True)
    return list(zip(python(check).splitlines(), plain.splitlines(), strict=True))


@pytest.mark.parametrize(("case", "valid"), [(n, valid) for n, (*_, valid) in enumerate(CASES)])
def test_checks_say_what_they_say_without_us(
    case: int, valid: bool, answers: list[tuple[str, str]]
) -> None:
    assert answers[case] == (f"{valid} True", f"{valid} True")


def test_whatever_else_the_module_has_is_found() -> None:
    code = (
        "import rfc3987_syntax as r\n"
        "print(len(r.RFC3987_SYNTAX_TERMS) > 30, r.is_valid_syntax_iri('a:b'),"
        " r is sys.modules['rfc3987_syntax'], hasattr(r, 'nothing'))"
    )
    assert python(code) == "True True True False"


def test_its_own_modules_can_be_imported_first() -> None:
    code = (
        "from rfc3987_syntax.syntax_helpers import parse\n"
        "import rfc3987_syntax\n"
        "print(rfc3987_syntax.parse is parse)"
    )
    assert python(code) == "True"


def test_looking_at_it_does_not_run_it() -> None:
    code = f"import inspect; inspect.unwrap(sys.modules['rfc3987_syntax']); print({COMPILED})"
    assert python(code) == "False"


def test_two_threads_may_check_first() -> None:
    code = (
        "import concurrent.futures as f, rfc3987_syntax as r\n"
        "check = r.is_valid_syntax\n"
        "with f.ThreadPoolExecutor(8) as pool:\n"
        "    print(set(pool.map(lambda n: check('iri', f'a:{n}'), range(40))))"
    )
    assert python(code) == "{True}"


def test_where_it_is_not_installed_nothing_stands_in() -> None:
    code = (
        "sys.modules.pop('rfc3987_syntax'); sys.path[:] = []; sys.path_importer_cache.clear()\n"
        "lazy_iri.install(); print('rfc3987_syntax' in sys.modules)"
    )
    assert python(code) == "False"


def test_the_lab_has_the_same_file() -> None:
    lab = ROOT / "images/lab/labyard_lab/lazy_iri.py"
    assert lab.read_bytes() == (ROOT / "labyard/core/lazy_iri.py").read_bytes()
    assert lab.is_symlink()
