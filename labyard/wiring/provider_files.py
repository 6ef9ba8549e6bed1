"""The files that the settings of providers name: secrets stay out of settings, environment and listings."""

from __future__ import annotations

from pathlib import Path

from labyard.core.errors import SettingsError
from labyard.settings.load import beside
from labyard.settings.oidc import Provider
from labyard.wiring.installation import Installation


def check(site: Installation) -> None:
    """Do nothing if every file is there that a provider needs.

    Raises
    ------
    SettingsError
    """
    for provider in site.settings.auth.oidc:
        secret(site, provider)
        ca(site, provider)


def secret(site: Installation, provider: Provider) -> str:
    """Return the client secret of a provider.

    Raises
    ------
    SettingsError
    """
    path = beside(site.loaded.path, provider.client_secret_file)
    found = _text(path, f"auth.oidc: {provider.key}: client_secret_file").strip()
    if not found:
        raise SettingsError(
            f"auth.oidc: {provider.key}: client_secret_file {path} is empty.",
            remedy="Write into it the secret that the provider shows for this client.",
        )
    return found


def ca(site: Installation, provider: Provider) -> str:
    """Return the path of the certificates to trust for a provider; empty for the machine's own.

    Raises
    ------
    SettingsError
    """
    if not provider.ca:
        return ""
    path = beside(site.loaded.path, provider.ca)
    _text(path, f"auth.oidc: {provider.key}: ca")
    return str(path)


def _text(path: Path, where: str) -> str:
    try:
        return path.read_text()
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"{where} is {path}, which cannot be read: {error}.", remedy="Make it readable here."
        ) from error
