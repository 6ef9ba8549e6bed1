"""The files that ways to sign in name: secrets stay out of settings, environment and listings."""

from __future__ import annotations

from pathlib import Path

from labyard.core.errors import SettingsError
from labyard.settings.load import beside
from labyard.settings.oidc import Provider
from labyard.wiring.installation import Installation


def check(site: Installation) -> None:
    """Do nothing if every file is there that a way to sign in needs.

    Raises
    ------
    SettingsError
    """
    for provider in site.settings.auth.oidc:
        secret(site, provider)
        ca(site, provider)
    ldap_password(site)
    ldap_ca(site)


def secret(site: Installation, provider: Provider) -> str:
    """Return the client secret of a provider.

    Raises
    ------
    SettingsError
    """
    where = f"auth.oidc: {provider.key}: client_secret_file"
    return _secret(site, provider.client_secret_file, where, "the secret of this client")


def ca(site: Installation, provider: Provider) -> str:
    """Return the path of the certificates to trust for a provider; empty for the machine's own.

    Raises
    ------
    SettingsError
    """
    return _ca(site, provider.ca, f"auth.oidc: {provider.key}: ca")


def ldap_password(site: Installation) -> str:
    """Return the password of the account that looks people up; empty without such an account.

    Raises
    ------
    SettingsError
    """
    file = site.settings.auth.ldap.bind_password_file
    return (
        _secret(site, file, "auth.ldap.bind_password_file", "that account's password")
        if file
        else ""
    )


def ldap_ca(site: Installation) -> str:
    """Return the path of the certificates to trust for the directory; empty for the machine's own.

    Raises
    ------
    SettingsError
    """
    return _ca(site, site.settings.auth.ldap.ca, "auth.ldap.ca")


def _secret(site: Installation, file: str, where: str, what: str) -> str:
    path = beside(site.loaded.path, file)
    found = _text(path, where).strip()
    if not found:
        raise SettingsError(f"{where} {path} is empty.", remedy=f"Write into it {what}.")
    return found


def _ca(site: Installation, file: str, where: str) -> str:
    if not file:
        return ""
    path = beside(site.loaded.path, file)
    _text(path, where)
    return str(path)


def _text(path: Path, where: str) -> str:
    try:
        return path.read_text()
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"{where} is {path}, which cannot be read: {error}.", remedy="Make it readable here."
        ) from error
