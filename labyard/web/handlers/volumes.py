"""The volumes page, its forms, and the same by REST."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import Any, Literal

from tornado.iostream import StreamClosedError

from labyard.core.errors import LabyardError, NotFound, Refused
from labyard.core.models import Owner
from labyard.core.rest import operation
from labyard.core.units import show_bytes
from labyard.settings.storage import Extra
from labyard.volumes.catalog import Entry, catalog, users
from labyard.volumes.tars import shown
from labyard.volumes.transfers import checked_folder, filename
from labyard.web import rights
from labyard.web.handlers.base import Handler, JsonHandler, signed_in
from labyard.web.handlers.home import OwnHandler
from labyard.web.handlers.uploads import UploadFormHandler, UploadHandler
from labyard.web.view.volumes import VolumesPage, volumes_page
from labyard.web.view.words import utc_now

_TAKEN = 60.0  # seconds in which one piece of a download has to be taken: others wait for its place


class VolumesHandler(OwnHandler):
    """A page about the caller's volumes."""

    async def page(self, owner: Owner) -> VolumesPage:
        """Return what such a page shows."""
        parts = self.parts
        return volumes_page(
            await parts.actions.hub.person(self.token, owner.name),
            owner,
            parts.sampler.snapshot,
            parts.sizes,
            settings=parts.settings,
            names=parts.names,
            now=utc_now(),
            quota=(await parts.shares.of(owner)).quota,
        )

    async def granted(self, owner: Owner) -> Sequence[Extra]:
        """Return what the owner's groups grant besides, where the engine can give it."""
        extras = (await self.parts.shares.of(owner)).volumes
        return () if "volumes" in self.parts.actions.engine.withholds else extras

    def go_to_volumes(self) -> None:
        """Show the list next, by GET."""
        self.redirect(f"{self.service}volumes", status=303)

    async def show_one(self, owner: Owner, key: str, wrong: str = "", status: int = 200) -> None:
        """Show one volume."""
        page = await self.page(owner)
        card = next((card for card in page.cards if card.key == key), None)
        if card is None:
            raise NotFound(f"There is no volume {shown(key)}.", remedy="See the list of volumes.")
        most = self.parts.settings.uploads.max_size
        self.show(
            "service/volumes/one.html",
            status,
            page_here="volumes",
            page_title=f"{card.title} · {self.parts.settings.site.name}",
            volume=card,
            wrong=wrong,
            most=most,
            most_in_words=show_bytes(most),
            said=None if wrong else self.heard(),
        )


class ListHandler(VolumesHandler):
    """All volumes."""

    @signed_in
    async def get(self) -> None:
        """Show them."""
        owner = await self.owner(rights.READ)
        polled = "HX-Request" in self.request.headers
        self.show(
            "service/volumes/list.html",
            page_here="volumes",
            page_title=f"Volumes · {self.parts.settings.site.name}",
            page=await self.page(owner),
            granted=await self.granted(owner),
            said=None if polled else self.heard(),
        )


class OneHandler(VolumesHandler):
    """One volume: what is in it, and all that can be done with it."""

    @signed_in
    async def get(self, key: str) -> None:
        """Show it."""
        await self.show_one(await self.owner(rights.READ), key)


class MeasureFormHandler(VolumesHandler):
    """The button that has all of one's volumes measured now."""

    @signed_in
    async def post(self) -> None:
        """Have it done; the page tells when it is."""
        if not measure(self, await self.owner(rights.ACT)):
            self.say("done", "The sizes are fresh.", "They were measured a moment ago.")
        self.go_to_volumes()


class ResetFormHandler(VolumesHandler):
    """The form that resets a volume, confirmed by its typed name."""

    @signed_in
    async def post(self) -> None:
        """Reset the volume if its name was typed."""
        owner = await self.owner(rights.ACT)
        key = self.get_body_argument("volume", "")
        if self.get_body_argument("confirm", "") != key:
            return await self.show_one(owner, key, "That is not the name of the volume.", 400)
        try:
            await self.parts.actions.reset(self.token, owner, [key])
        except LabyardError as error:
            self.complain(error)
        else:
            self.say("done", f"{key.capitalize()} was reset. It is made anew at the next start.")
        finally:
            self.parts.sampler.soon()
        return self.go_to_volumes()


class DownloadHandler(VolumesHandler):
    """A volume, or a folder in it, as an archive."""

    async def prepare(self) -> None:
        """Refuse what nobody clicked."""
        self.refuse_fetched()
        await super().prepare()

    @signed_in
    async def get(self) -> None:
        """Send it."""
        owner = await self.owner(rights.FILES)
        key, folder = self.get_query_argument("volume", ""), self.get_query_argument("folder", "")
        try:
            await send(self, owner, key, folder)
        except LabyardError as error:
            self.complain(error)
            self.go_to_volumes()


_VOLUME = {
    "name": str,
    "source": str,
    "target": str,
    "description": str,
    "shared": bool,
    "read_only": bool,
    "exists": bool,
    "resettable": bool,
    "measuring": bool,
    "size": dict[str, Any] | None,
}


class VolumesApiHandler(JsonHandler):
    """A person's volumes."""

    @operation(rights.READ, answer={"volumes": [_VOLUME], "used_by": list[str]})
    async def get(self, user: str) -> None:
        """Answer the volumes and which labs use them."""
        owner = await self.allowed(rights.READ, user)
        parts = self.parts
        existing = await parts.actions.engine.volumes(parts.names.volume_prefix)
        busy = [lab.name for lab in users(await parts.actions.engine.labs(), owner)]
        entries = catalog(parts.settings.volumes, existing, owner, parts.names)
        self.reply({"volumes": [self._model(entry) for entry in entries], "used_by": busy})

    def _model(self, entry: Entry) -> Mapping[str, Any]:
        mount, sizes = entry.mount, self.parts.sizes
        known = sizes.known.get(mount.source)
        return {
            "name": mount.key,
            "source": mount.source,
            "target": mount.target,
            "description": entry.description,
            "shared": mount.shared,
            "read_only": mount.read_only,
            "exists": entry.exists,
            "resettable": entry.resettable,
            "measuring": mount.source in sizes.under_way,
            "size": {
                "bytes": known.size.bytes,
                "files": known.size.files,
                "whole": known.size.whole,
                "measured": known.at.isoformat(timespec="seconds"),
            }
            if known
            else None,
        }


class MeasureHandler(JsonHandler):
    """Have a person's volumes measured now."""

    @operation(rights.ACT, answer={"user": str, "measuring": list[str]}, status=(200, 202))
    async def post(self, user: str) -> None:
        """Answer at once what is being measured; ``GET …/volumes`` tells when it is done."""
        measuring = measure(self, await self.allowed(rights.ACT, user))
        self.reply({"user": user, "measuring": measuring}, 202 if measuring else 200)


class ResetHandler(JsonHandler):
    """Empty chosen volumes."""

    @operation(rights.ACT, body={"volumes": list[str]}, answer={"user": str, "reset": list[str]})
    async def post(self, user: str) -> None:
        """Reset ``{"volumes": [...]}`` and answer those that there were."""
        owner = await self.allowed(rights.ACT, user)
        chosen = self.body().get("volumes")
        if not isinstance(chosen, list) or not all(isinstance(key, str) for key in chosen):
            raise Refused("volumes is not a list of names.", remedy='Send, for example, ["cache"].')
        try:
            gone = await self.parts.actions.reset(self.token, owner, chosen)
        finally:
            self.parts.sampler.soon()
        self.reply({"user": user, "reset": list(gone)})


class ArchiveHandler(JsonHandler):
    """A volume, or a folder in it, as an archive."""

    @operation(
        rights.FILES,
        query={"folder": str, "format": Literal["tar", "tar.gz"]},
        media="application/gzip application/x-tar",
    )
    async def get(self, user: str, key: str) -> None:
        """Send it: ``?folder=data&format=tar``; without them all of it, as ``tar.gz``."""
        owner = await self.allowed(rights.FILES, user)
        format = self.get_query_argument("format", "tar.gz")
        if format not in {"tar", "tar.gz"}:
            raise Refused(
                f"format is {shown(format)}, which cannot be.", remedy="Send tar or tar.gz."
            )
        folder = self.get_query_argument("folder", "")
        await send(self, owner, key, folder, compressed=format == "tar.gz")


def measure(handler: Handler, owner: Owner) -> Sequence[str]:
    """Have all volumes of ``owner`` measured soon, and return which ones are."""
    parts = handler.parts
    entries = catalog(parts.settings.volumes, parts.sampler.snapshot.volumes, owner, parts.names)
    keys = {entry.mount.source: entry.mount.key for entry in entries if entry.exists}
    return sorted(keys[volume] for volume in parts.sizes.ask(keys))


async def send(
    handler: Handler, owner: Owner, key: str, folder: str, *, compressed: bool = True
) -> None:
    """Send an archive as it is made. What goes wrong after its beginning ends the connection."""
    folder = checked_folder(folder)
    chunks = handler.parts.actions.transfers.download(owner, key, folder, compressed=compressed)
    async with aclosing(chunks):
        first = await anext(chunks)
        name = filename(key, folder, utc_now().date().isoformat(), compressed=compressed)
        kind = "gzip" if compressed else "x-tar"
        handler.set_header("Content-Type", f"application/{kind}")
        handler.set_header("Content-Disposition", f'attachment; filename="{name}"')
        handler.write(first)
        await _stream(handler, chunks)


async def _stream(handler: Handler, chunks: AsyncGenerator[bytes, None]) -> None:
    try:
        await handler.flush()
        async for chunk in chunks:
            handler.write(chunk)
            async with asyncio.timeout(_TAKEN):
                await handler.flush()
        handler.finish()
    except StreamClosedError:
        return  # whoever asked is gone
    except (LabyardError, TimeoutError):
        # The browser has half of it: only a connection that breaks says that it is not whole.
        connection: Any = handler.request.connection
        connection.stream.close()


_OF = r"api/users/([^/]+)/volumes"
_KEY = r"([a-z][a-z0-9]{0,19})"

ROUTES = (
    (r"volumes", ListHandler),
    (rf"volume/{_KEY}", OneHandler),
    (r"volumes/measure", MeasureFormHandler),
    (r"volumes/reset", ResetFormHandler),
    (r"volumes/download", DownloadHandler),
    (r"volumes/upload", UploadFormHandler),
    (_OF, VolumesApiHandler),
    (rf"{_OF}/measure", MeasureHandler),
    (rf"{_OF}/reset", ResetHandler),
    (rf"{_OF}/{_KEY}/archive", ArchiveHandler),
    (rf"{_OF}/{_KEY}/upload", UploadHandler),
)
