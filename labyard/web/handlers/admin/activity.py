"""Who uses how much, and whose servers nobody uses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from labyard.core.models import Owner
from labyard.core.rest import operation
from labyard.core.units import show_bytes
from labyard.web import rights
from labyard.web.handlers.admin.rest import AdminRest
from labyard.web.handlers.admin.servers import ServerActionHandler, ServersPage
from labyard.web.handlers.base import Parts, signed_in
from labyard.web.view.activity import TOLD, Activity, totals, view_activity
from labyard.web.view.pace import RUNNING


class ActivityHandler(ServersPage):
    """The page."""

    key = "activity"
    filters: ClassVar[tuple[str, ...]] = ()

    @signed_in
    async def get(self) -> None:
        """Show it. Nothing here asks the engine."""
        idle, _ = await self.found(order="idle", state="running")
        activity, names = await _told(self.parts)
        self.draw(
            totals=totals(activity),
            activity=activity,
            names=names,
            listed=idle,
            memory=show_bytes,
            engine=self.parts.sampler.snapshot.error,
            refresh=3 * RUNNING,
        )


class StopHandler(ServerActionHandler):
    """The button in the list of servers that nobody uses."""

    key = "activity"
    filters: ClassVar[tuple[str, ...]] = ()


class ActivityRest(AdminRest):
    """The same by REST."""

    key = "activity"

    @operation(rights.READ, answer=TOLD)
    async def get(self) -> None:
        """Answer totals and who uses how much."""
        activity, names = await _told(self.parts)
        self.reply(activity.as_json(names))


async def _told(parts: Parts) -> tuple[Activity, Mapping[int, Owner]]:
    activity = view_activity(parts.sampler.snapshot, parts.sizes.known)
    return activity, await parts.people.owners([share.user_id for share in activity.shares])


ROUTES = (
    (r"admin/activity", ActivityHandler),
    (r"admin/activity/(stop)", StopHandler),
    (r"api/activity", ActivityRest),
)
