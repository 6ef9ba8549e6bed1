"""What a person chose for a server: the form, what came back from it, and what is kept of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, ClassVar

from jupyterhub.spawner import SpawnException
from jupyterhub.traitlets import ByteSpecification
from traitlets import Float, List, Unicode
from traitlets.config import Configurable

from labyard.core import causes
from labyard.core.errors import LabyardError, Refused
from labyard.core.models import EngineInfo
from labyard.options.declaration import Options, kept, plain
from labyard.options.form import form
from labyard.options.limits import Limits
from labyard.options.link import suggested
from labyard.options.more import more_memory
from labyard.options.offer import offer, usual_offer
from labyard.options.parse import parse
from labyard.options.profiles import most_days, outcome
from labyard.options.refused import OptionsRefused
from labyard.policies.allowed import Allowed, everybody
from labyard.policies.effective import PROFILES, Effective, effective, share
from labyard.policies.grant import Grant
from labyard.policies.held import Held, withdrawn
from labyard.settings.groups import GroupPolicy
from labyard.spawners.groups import keep_built_in
from labyard.spawners.outcome import NotAllowed, explained
from labyard.spawners.servers import NONE
from labyard.spawners.workplace import Workplace

_GLANCE = 2.0  # seconds that a form waits for what the engine says of its machine


@dataclass(slots=True)
class Typed:
    """A form that was sent: what was in it, and by field what is wrong with it."""

    values: Mapping[str, Any]
    wrong: Mapping[str, str] = field(default_factory=dict)


# What the form of this very request said: JupyterHub draws one that was refused from another spawner,
# the default server's. It runs what is asynchronous here as a task, whose own context it does not see.
_typed: ContextVar[Typed | None] = ContextVar("typed", default=None)


class Choosing(Configurable):
    """The part of a spawner that hears what a person wants."""

    workplace: ClassVar[Workplace]

    image = Unicode(help="Image of a lab when none is chosen.", config=True)
    images = List(
        Unicode(), help="Images a person may choose besides the default one.", config=True
    )
    max_cpu = Float(
        None, allow_none=True, help="Most cores a person may choose, if more.", config=True
    )
    max_memory = ByteSpecification(
        None, allow_none=True, help="Most memory a person may choose, if more.", config=True
    )

    _given = Options()
    _allowed: Allowed
    _most_days: int | None = None
    _held: Held | None = None

    async def policy(self) -> Effective:
        """Return what this server's user may have, as all their groups have it, and why."""
        keep_built_in(self.db)
        try:
            return await self._effective(await self._host())
        except Refused as error:
            raise explained(error) from None

    async def _effective(self, host: EngineInfo | None) -> Effective:
        share, withheld = self._all(await self._offer(host)), self.workplace.engine.withholds
        return effective(await self._policies(), share, withheld=withheld)

    async def withdrawn(self) -> Sequence[Grant[Any]] | None:
        """Return the grants of which the lab that runs has more than its user may have now.

        None where nobody knows what it was started with. Nothing asks the engine.
        """
        if self._held is None:
            return None
        try:
            return withdrawn(self._held, (await self._effective(None)).allowed)
        except Refused:
            return [PROFILES]

    async def refusal(self) -> str:
        """Return why the choices of the lab that runs could not start it anew, or nothing."""
        try:
            allowed = (await self._effective(await self._host())).allowed
            if self.name and not allowed.servers:
                return NONE
            parse(self.user_options or {}, allowed.limits)
        except Refused as error:
            return error.message
        return ""

    async def share(self) -> Allowed:
        """Return what the user may have as far as settings and groups tell. Nothing asks the engine."""
        return share(await self._policies(), self._all(usual_offer(self.workplace.settings)))

    async def _policies(self) -> Mapping[str, GroupPolicy]:
        groups = [group.name for group in self.user.groups]
        return await asyncio.to_thread(self.workplace.policies.of, groups)

    def _all(self, limits: Limits) -> Allowed:
        """Return what everybody may have."""
        return everybody(limits, self.workplace.settings)

    async def limits(self) -> Limits:
        """Return what may be chosen for this server."""
        return (await self.policy()).allowed.limits

    async def _host(self) -> EngineInfo | None:
        try:
            async with asyncio.timeout(_GLANCE):
                return await self.workplace.engine.info()
        except (LabyardError, TimeoutError):
            return None

    async def _offer(self, host: EngineInfo | None) -> Limits:
        """Return what everybody may choose, as the site's own configuration has it."""
        await self.apply_group_overrides()
        return offer(
            self.workplace.settings,
            image=self.image,
            images=self.images,
            cpu=self.cpu_limit,
            max_cpu=self.max_cpu,
            memory=self.mem_limit,
            max_memory=self.max_memory,
            host=host,
            lacks=self.workplace.engine.lacks,
        )

    async def more_memory(self, error: LabyardError) -> int:
        """Return the memory in bytes that would mend ``error``; 0 where none does, or none may be had."""
        if error.cause is not causes.OUT_OF_MEMORY:
            return 0
        return more_memory(kept(self.user_options), await self.limits()) or 0

    async def get_options_form(self) -> str:
        """Return the form. There always is one, so that no link alone starts a server."""
        limits, sent = await self.limits(), _typed.get()
        if sent is not None:
            return form(limits, sent.values, sent.wrong)
        query = self.handler.request.query_arguments if self.handler else {}
        return form(limits, suggested(query) or self.user_options or {})

    def options_from_form(self, formdata: dict[str, list[str]]) -> Awaitable[dict[str, Any]]:
        """Return the form's choices, checked, as the REST API takes them."""
        _typed.set(Typed(formdata))
        return self._from_form(formdata)

    async def _from_form(self, formdata: dict[str, list[str]]) -> dict[str, Any]:
        return plain(await self._parsed(formdata))

    def options_from_query(self, query: dict[str, list[str]]) -> Awaitable[dict[str, Any]]:
        """Show the form, filled in: a link may suggest choices, and a person confirms them."""
        _typed.set(Typed(query))
        return self._confirmed_by_nobody(query)

    async def _confirmed_by_nobody(self, query: dict[str, list[str]]) -> dict[str, Any]:
        await self._parsed(query)
        raise SpawnException("Please confirm these choices.", reason="confirm", status_code=200)

    async def _parsed(self, raw: dict[str, Any]) -> Options:
        try:
            return parse(raw, await self.limits())
        except OptionsRefused as error:
            if (sent := _typed.get()) is not None:
                sent.wrong = error.fields
            raise explained(error) from None

    async def _run_apply_user_options(self, user_options: dict[str, Any]) -> None:
        """Check the choices, however they came, and keep what was understood of them.

        Refused ones are not kept for the next start; the page of the failed one leads to the form
        with them.
        """
        self._allowed = (await self.policy()).allowed
        chosen, limits = Options(), self._allowed.limits
        try:
            if self.name and not self._allowed.servers:
                raise explained(Refused(NONE, remedy="Use your default server."))
            chosen = parse(user_options or {}, limits)
            self._given = outcome(chosen, limits)
            self._most_days = most_days(self._given, limits)
        except OptionsRefused as error:
            raise explained(NotAllowed(error, user_options)) from None
        finally:
            self.user_options = plain(chosen)
            self.orm_spawner.user_options = self.user_options
