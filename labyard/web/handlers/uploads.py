"""Files that people send: taken as they come, never held, and answered when they are where they belong."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import Literal

from tornado.web import stream_request_body

from labyard.core.errors import LabyardError, Refused
from labyard.core.rest import operation
from labyard.volumes.intake import Intake
from labyard.volumes.tars import shown
from labyard.volumes.transfers import Upload, steps
from labyard.web import rights
from labyard.web.handlers.base import JsonHandler, SignInNeeded
from labyard.web.handlers.home import OwnHandler
from labyard.web.handlers.receiving import Receiving
from labyard.web.incoming import Body, broken_off
from labyard.web.kept import Kept
from labyard.web.multipart import Form, Part

_FLAG = Literal[0, 1]
_FIELDS = 16 * 2**10  # bytes of all fields before the first file


@stream_request_body
class UploadFormHandler(Receiving, OwnHandler):
    """The page's form: the token and what is wanted first, then files, or one archive."""

    async def prepare(self) -> None:
        """Begin. Who asks is found out when the form's token has come, before any file."""
        self.refuse_foreign()
        self.expect()

    async def receive(self) -> int:
        """Take the form."""
        form = Form(self.request.headers.get("Content-Type", ""))
        pieces = _pieces(form, self.incoming)
        fields, first = await _fields(pieces)
        self.request.arguments["_xsrf"] = [fields.get("_xsrf", "").encode()]
        await OwnHandler.prepare(self)
        if self.caller is None:
            raise SignInNeeded("You are signed out.", remedy="Sign in, then send it again.")
        owner = await self.owner(rights.FILES)
        self.known = True
        wanted = Upload(
            key=fields.get("volume", ""),
            folder=fields.get("folder", ""),
            overwrite="overwrite" in fields,
            strip="strip" in fields,
            drop_links="drop_links" in fields,
        )
        self.wanted = owner, wanted

        async def source(intake: Intake) -> AsyncIterator[bytes]:
            if "unpack" in fields:
                sent = _archive(intake, pieces)
            else:
                sent = _files(intake, first, pieces, self.parts.spool)
            async for out in sent:
                yield out
            if not form.ended:
                raise broken_off()
            async for out in steps(intake.finish()):
                yield out

        return await self.parts.actions.upload(self.token, owner, wanted, source)

    async def post(self) -> None:
        """Say what came of it on the volumes' page; to a script also in the answer."""
        if self._finished:
            return
        try:
            count = self.files = await self.outcome()
        except LabyardError as error:
            if not self.known:
                raise
            self.complain(error)
        else:
            self.say("done", f"{count} file{'' if count == 1 else 's'} uploaded.")
        finally:
            self.parts.sampler.soon()
        if "application/json" in self.request.headers.get("Accept", ""):
            self.set_status(204)
            self.finish()
        else:
            self.redirect(f"{self.service}volumes", status=303)


@stream_request_body
class UploadHandler(Receiving, JsonHandler):
    """REST: the body is one archive."""

    async def prepare(self) -> None:
        """Find out who asks, then begin."""
        await super().prepare()
        user, key = self.path_args
        owner = await self.allowed(rights.FILES, user)
        self.known = True
        flags = {name: self._flag(name) for name in ("overwrite", "strip", "drop_links")}
        self.wanted = owner, Upload(key, self.get_query_argument("folder", ""), **flags)
        self.parts.actions.transfers.filling.demand()  # before gigabytes come for nothing
        self.expect()

    def _flag(self, name: str) -> bool:
        text = self.get_query_argument(name, "0")
        if text not in {"0", "1"}:
            raise Refused(f"{name} is {shown(text)}, which cannot be.", remedy="Send 0 or 1.")
        return text == "1"

    async def receive(self) -> int:
        """Take the archive."""

        async def source(intake: Intake) -> AsyncIterator[bytes]:
            async for chunk in self.incoming:
                async for out in steps(intake.archive(chunk)):
                    yield out
            async for out in steps(intake.finish()):
                yield out

        assert self.wanted is not None  # noqa: S101  for mypy: `prepare` has set it
        owner, wanted = self.wanted
        return await self.parts.actions.upload(self.token, owner, wanted, source)

    @operation(
        f"{rights.FILES} {rights.READ}",
        query={"folder": str, "overwrite": _FLAG, "strip": _FLAG, "drop_links": _FLAG},
        answer={"user": str, "volume": str, "files": int},
        sends="application/octet-stream",
    )
    async def post(self, user: str, key: str) -> None:
        """Answer how many files were taken."""
        if self._finished:
            return
        count = self.files = await self.outcome()
        self.parts.sampler.soon()
        self.reply({"user": user, "volume": key, "files": count})


async def _pieces(form: Form, body: Body) -> AsyncIterator[Part | bytes]:
    async for chunk in body:
        for piece in form.feed(chunk):
            yield piece


async def _fields(pieces: AsyncIterator[Part | bytes]) -> tuple[Mapping[str, str], Part]:
    """Return the fields, and the first file, which is about to come."""
    fields: dict[str, bytes] = {}
    name = ""
    async for piece in pieces:
        if isinstance(piece, Part):
            if piece.filename is not None:
                return {n: value.decode(errors="replace") for n, value in fields.items()}, piece
            name = piece.name
            fields[name] = b""
        else:
            fields[name] += piece
        if sum(map(len, fields.values())) > _FIELDS or len(fields) > 20:
            break
    raise Refused("The form has no file, or too much before it.", remedy="Choose a file.")


async def _archive(intake: Intake, pieces: AsyncIterator[Part | bytes]) -> AsyncIterator[bytes]:
    async for piece in pieces:
        if isinstance(piece, Part):
            if piece.filename:
                raise Refused("More than one archive came.", remedy="Send one at a time.")
            continue
        async for out in steps(intake.archive(piece)):
            yield out


async def _files(
    intake: Intake, first: Part, pieces: AsyncIterator[Part | bytes], spool: Path
) -> AsyncIterator[bytes]:
    """Yield file after file. A tar wants each one's size before its content: so each waits a while."""
    current, kept = first, Kept(spool)
    try:
        async for piece in pieces:
            if not isinstance(piece, Part):
                await asyncio.to_thread(kept.write, piece)
                continue
            async for out in steps(_whole(intake, current, kept)):
                yield out
            kept.close()
            current, kept = piece, Kept(spool)
        async for out in steps(_whole(intake, current, kept)):
            yield out
    finally:
        kept.close()


def _whole(intake: Intake, part: Part, kept: Kept) -> Iterator[bytes]:
    if part.filename:  # not a field, nor a file that was not chosen
        yield from intake.file(part.filename, kept.size)
        yield from kept.read()
