"""What leads to the package index is handed to a build as secrets."""

from __future__ import annotations

from pathlib import Path

import pytest

from labyard.images.access import certificate, pip_settings, proxies, secrets
from labyard.images.build import build_options


def test_only_where_packages_come_from_is_taken_from_pips_settings() -> None:
    listing = """\
:env:.cert='/etc/ssl/ours.crt'
:env:.index-url='https://u:p@index.example/simple'
global.extra-index-url='file:///srv/index https://more.example/simple'
global.find-links='/srv/wheels'
global.trusted-host='index.example'
install.user='true'
download.index-url='https://other.example/simple'
"""
    assert pip_settings(listing) == (
        "[global]\n"
        "index-url = https://u:p@index.example/simple\n"
        "extra-index-url = https://more.example/simple\n"
        "trusted-host = index.example\n"
    )


@pytest.mark.parametrize("listing", ["", "nonsense", "global.index-url='file:///here'\n"])
def test_nothing_to_take_is_nothing(listing: str) -> None:
    assert pip_settings(listing) == "[global]\n"


def test_the_certificates_pip_uses_come_first() -> None:
    assert certificate({"SSL_CERT_FILE": "/a", "PIP_CERT": "/b"}) == "/b"
    assert certificate({"PIP_CERT": "", "REQUESTS_CA_BUNDLE": "/c"}) == "/c"
    assert certificate({}) == ""


def test_secrets_are_files_for_us_alone_and_go_with_the_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "https://name:word@index.example/simple")
    monkeypatch.setenv("PIP_CERT", "/etc/ours.crt")
    with secrets(tmp_path) as given:
        assert given["ca"] == Path("/etc/ours.crt")
        assert "name:word" in given["pip"].read_text()
        assert given["pip"].stat().st_mode & 0o777 == 0o600
    assert not given["pip"].exists()


def test_no_secret_and_no_proxys_value_is_on_the_builders_command_line(tmp_path: Path) -> None:
    environment = {"HTTPS_PROXY": "http://name:word@proxy.example", "no_proxy": ""}
    options = build_options(
        "a/b:c", "base", {"l": "v"}, {"pip": tmp_path / "pip.conf"}, proxies(environment)
    )
    assert options == [
        *("--tag", "a/b:c", "--build-arg", "BASE=base", "--label", "l=v"),
        *("--build-arg", "HTTPS_PROXY"),
        *("--secret", f"id=pip,src={tmp_path / 'pip.conf'}"),
    ]
