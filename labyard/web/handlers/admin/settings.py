"""Every setting, its value, and where that comes from: to be read, not changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from labyard.core.rest import operation
from labyard.settings.declared import groups
from labyard.settings.told import Told, told
from labyard.web.handlers.admin.base import AdminHandler
from labyard.web.handlers.admin.rest import AdminRest
from labyard.web.handlers.base import Parts, signed_in


class SettingsHandler(AdminHandler):
    """The page."""

    key = "settings"
    filters = ("changed",)

    @signed_in
    async def get(self) -> None:
        """Show the settings that were searched for, by section."""
        every, asked = _told(self.parts), self.asked
        found = [
            one
            for one in every
            if one.holds(asked.search) and (one.changed or not asked.filters["changed"])
        ]
        self.draw(
            sections=_by_section(found),
            helps={group.path: group.help for group in groups()},
            matching=len(found),
            total=len(every),
            changed=sum(one.changed for one in every),
            file=self.parts.loaded.path,
            warnings=self.parts.loaded.warnings,
        )


class SettingsRest(AdminRest):
    """The same by REST."""

    key = "settings"

    @operation("read:hub", answer={"settings": dict[str, dict[str, Any]]})
    async def get(self) -> None:
        """Answer ``{"settings": {path: {value, default, source, changed, help, unit}}}``."""
        every = {
            one.path: {
                "value": one.value,
                "source": one.source,
                "changed": one.changed,
                "default": one.usual,
                "unit": one.option.unit,
                "help": one.option.help,
            }
            for one in _told(self.parts)
        }
        self.reply({"settings": every})


def _told(parts: Parts) -> list[Told]:
    return list(told(parts.loaded, parts.settings))


def _by_section(found: Iterable[Told]) -> Mapping[str, Sequence[Told]]:
    sections: dict[str, list[Told]] = {}
    for one in found:
        sections.setdefault(one.section, []).append(one)
    return sections


ROUTES = (
    (r"admin/settings", SettingsHandler),
    (r"api/settings", SettingsRest),
)
