"""The frame around every page: the hub's template, Labyard's bar, and what both need to know."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import BaseLoader, ChoiceLoader, Environment, FileSystemLoader, PrefixLoader
from jupyterhub._data import DATA_FILES_PATH
from jupyterhub.scopes import parse_scopes
from markupsafe import Markup

from labyard.display.choices import Display
from labyard.settings.schema import Settings
from labyard.web.administration import visible
from labyard.web.files import STATIC, read
from labyard.web.look import sheet

_HERE = Path(__file__).parent
ICONS = _HERE / "templates" / "icons"
_HUB_TEMPLATES = Path(DATA_FILES_PATH) / "templates"

SERVICE = "services/labyard/"


def template_paths() -> list[str]:
    """Return the hub's ``template_paths``: our templates, and the files that they include."""
    return [str(_HERE / "templates"), str(STATIC)]


def template_vars(
    settings: Settings, display_of: Callable[[Any], Display | None] | None = None
) -> dict[str, Any]:
    """Return the hub's ``template_vars``. The pages of accounts are those of ``labyard.auth``.

    ``display_of`` tells what a user of the hub chose about display; the service tells it itself.
    """
    hub = settings.base_url + "hub/"
    return {
        "labyard": {
            "name": settings.site.name,
            "logo": bool(settings.site.logo),
            "announcement": settings.site.announcement,
            "help": settings.site.help,
            # Made of colours alone: nothing in it is a person's.
            "look": Markup(sheet(settings.site)),  # noqa: S704
            "home": settings.base_url + SERVICE,
            "account": settings.base_url + SERVICE + "account/",
            "password": hub + "password",
            "administration": visible,
            "display_of": display_of,
        }
    }


class _Nonced(BaseLoader):
    """Gives every script of the hub's templates the page's nonce, so that no other script runs."""

    def __init__(self, loader: BaseLoader) -> None:
        self._loader = loader

    def get_source(
        self, environment: Environment, template: str
    ) -> tuple[str, str | None, Callable[[], bool] | None]:
        source, filename, fresh = self._loader.get_source(environment, template)
        return source.replace("<script", '<script nonce="{{ nonce }}"'), filename, fresh


def environment() -> Environment:
    """Return what renders the service's pages, with the hub's templates below ``templates/``."""
    hub = FileSystemLoader(_HUB_TEMPLATES)
    ours = ChoiceLoader([FileSystemLoader(path) for path in template_paths()])
    loader = _Nonced(ChoiceLoader([ours, PrefixLoader({"templates": hub}), hub]))
    return Environment(loader=loader, autoescape=True)


@dataclass(frozen=True, slots=True)
class _User:
    """As much of a user as the hub's ``page.html`` asks for."""

    name: str

    @property
    def json_escaped_name(self) -> str:
        return json.dumps(self.name)[1:-1].replace("<", "\\u003c")


def _parsed(caller: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """Return the caller's scopes as the hub's own pages have them.

    Who is an administrator by now is one of the hub's pages too, whatever the sign-in here said.
    """
    scopes = frozenset((caller or {}).get("scopes") or ())
    return parse_scopes(scopes | {"admin-ui"} if caller and caller.get("admin") else scopes)  # type: ignore[no-any-return]


class Frame:
    """Renders pages inside the hub's frame."""

    def __init__(self, settings: Settings) -> None:
        self._environment = environment()
        self._vars = template_vars(settings)
        self._base_url = settings.base_url

    def render(
        self,
        template: str,
        *,
        caller: Mapping[str, Any] | None,
        xsrf: str,
        display: Display | None = None,
        **more: Any,
    ) -> tuple[str, str]:
        """Return the page and the nonce of its scripts.

        ``caller`` is the hub's user model, ``display`` what that person chose.
        """
        nonce = secrets.token_urlsafe(16)
        hub = self._base_url + "hub/"
        page = self._environment.get_template(template).render(
            **self._vars,
            base_url=hub,
            prefix=self._base_url,
            user=_User(caller["name"]) if caller else None,
            admin_access=False,
            no_spawner_check=True,
            login_url=hub + "login",
            logout_url=hub + "logout",
            parsed_scopes=_parsed(caller),
            services=(),
            static_url=lambda path, **_: f"{hub}static/{path}",
            labyard_static=self.static_url,
            on_service=True,
            display=display,
            nonce=nonce,
            xsrf=xsrf,
            xsrf_token=xsrf,
            service=self._base_url + SERVICE,
            **more,
        )
        return page, nonce

    def part(self, template: str, **more: Any) -> str:
        """Return a part of a page, without the frame."""
        return self._environment.get_template(template).render(**more)

    def static_url(self, path: str) -> str:
        """Return the address of one of our static files, which changes with its content."""
        file = read(path)
        return f"{self._base_url}{SERVICE}static/{path}?v={file.version if file else 0}"
