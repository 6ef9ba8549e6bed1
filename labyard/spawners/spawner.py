"""How the hub runs a lab: JupyterHub's Spawner on any of the engines."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import urlsplit

from jupyterhub.spawner import Spawner, SpawnException
from markupsafe import Markup
from traitlets import Any as AnyTrait
from traitlets import List, Unicode

from labyard.core.errors import Busy, EngineError, EngineUnreachable, LabyardError
from labyard.core.locks import UserLocks
from labyard.core.models import LabStatus, Owner, ServerPlan, ServerRef
from labyard.core.names import Names
from labyard.engines.base import Engine
from labyard.gpu.assign import Gpus
from labyard.notices.keys import Keys
from labyard.options.declaration import Options, plain
from labyard.options.form import form
from labyard.options.limits import Limits
from labyard.options.link import suggested
from labyard.options.parse import parse
from labyard.options.profiles import outcome
from labyard.options.refused import OptionsRefused
from labyard.settings.schema import Settings
from labyard.spawners.offer import offer
from labyard.spawners.plan import PORT, plan, with_gpus, with_limits_told
from labyard.spawners.progress import Progress
from labyard.spawners.waiting import listens, until_listening
from labyard.volumes.catalog import resolve

# Seconds: how long a stop waits for another action on the same user's labs, how long a stop and the
# clean-up of a failed start wait for an engine that is away, and how often they look.
_PATIENCE = 120.0
_OUTAGE = 600.0
_CLEAN_UP = 25.0
_LOOK_AGAIN = 1.0
_GLANCE = 2.0


@dataclass(slots=True)
class Typed:
    """A form that was sent: what was in it, and by field what is wrong with it."""

    values: Mapping[str, Any]
    wrong: Mapping[str, str] = field(default_factory=dict)


# What the form of this very request said: JupyterHub draws one that was refused from another spawner,
# the default server's. It runs what is asynchronous here as a task, whose own context it does not see.
_typed: ContextVar[Typed | None] = ContextVar("typed", default=None)


@dataclass(frozen=True, slots=True)
class Workplace:
    """What all spawners of a hub share. Handed over by wiring."""

    settings: Settings
    names: Names
    engine: Engine
    locks: UserLocks
    keys: Keys
    gpus: Gpus


class LabSpawner(Spawner):
    """Starts, watches and stops one lab.

    An engine that does not answer means *unknown*: the lab counts as running, as it last did.
    """

    workplace: ClassVar[Workplace]

    image = Unicode(help="Image of a lab when none is chosen.", config=True)
    images = List(
        Unicode(), help="Images a person may choose besides the default one.", config=True
    )
    plan_hook: Callable[[LabSpawner, ServerPlan], ServerPlan] | None = AnyTrait(
        None,
        allow_none=True,
        config=True,
        help="""A site's last word: called with (spawner, plan) before each start, returns the plan
        to use, for example ``dataclasses.replace(plan, cpu=4)``.""",
    )

    _progress: Progress | None = None
    _lab_name = ""
    _given = Options()

    # -- identity ---------------------------------------------------------------------------------

    @property
    def ref(self) -> ServerRef:
        """Return whose server this is."""
        return ServerRef(Owner(self.user.id, self.user.name), self.name)

    @property
    def lab_name(self) -> str:
        """Return the lab's name: the one it was started under, also after the user was renamed."""
        return self._lab_name or self.workplace.names.lab(self.user.name, self.name)

    def get_state(self) -> dict[str, Any]:
        """Return what must outlive the hub's process."""
        return {**super().get_state(), "lab": self._lab_name}

    def load_state(self, state: dict[str, Any]) -> None:
        """Take up what :meth:`get_state` gave."""
        super().load_state(state)
        self._lab_name = state.get("lab", "")

    def clear_state(self) -> None:
        """Forget the lab that was."""
        super().clear_state()
        self._lab_name = ""

    # -- options ----------------------------------------------------------------------------------

    async def limits(self) -> Limits:
        """Return what may be chosen for this server, as its user's groups have it."""
        await self.apply_group_overrides()
        engine = self.workplace.engine
        try:
            async with asyncio.timeout(_GLANCE):
                host = await engine.info()
        except (LabyardError, TimeoutError):
            host = None
        return offer(
            self.workplace.settings,
            image=self.image,
            images=self.images,
            cpu=self.cpu_limit,
            memory=self.mem_limit,
            host=host,
            lacks=engine.lacks,
        )

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

        Refused ones are not kept for the next start.
        """
        chosen = Options()
        try:
            chosen = await self._parsed(user_options or {})
            self._given = outcome(chosen, await self.limits())
        finally:
            self.user_options = plain(chosen)
            self.orm_spawner.user_options = self.user_options

    # -- life -------------------------------------------------------------------------------------

    async def start(self) -> str:
        """Start the lab and return its URL. A start that fails leaves nothing behind."""
        self._progress = Progress()
        place = self.workplace
        try:
            async with (
                place.locks.hold(self.user.id, f"starting {self._log_name}"),
                place.gpus.promised(self._given.gpus, self.lab_name) as gpus,
            ):
                return await self._start(self._progress, gpus)
        except LabyardError as error:
            raise explained(error) from error
        finally:
            self._progress.end()

    async def _start(self, progress: Progress, gpus: tuple[str, ...]) -> str:
        engine, labs = self.workplace.engine, self.workplace.settings.labs
        progress.tell("preparing", "Preparing")
        planned = with_gpus(await self._plan(), gpus)
        await self._pull(planned.image, progress)
        try:
            async with asyncio.timeout(labs.start_timeout):
                progress.tell("creating", "Creating the lab")
                await engine.remove(planned.name)  # what a start that failed in an outage left
                await engine.create(planned)
                self._lab_name = planned.name
                progress.tell("starting", "Starting the lab")
                lab = await engine.start(planned.name)
                progress.tell("waiting", "Waiting for JupyterLab")
                await until_listening(engine, lab)
        except TimeoutError:
            await self._clean_up(planned.name)
            raise EngineError(
                f"The lab was not ready within {labs.start_timeout:g} s.",
                remedy="Try again; if it goes on, tell your administrator (labs.start_timeout).",
            ) from None
        except BaseException:
            await self._clean_up(planned.name)
            raise
        return f"http://{lab.host}:{lab.port}"

    async def _plan(self) -> ServerPlan:
        place = self.workplace
        existing = await place.engine.volumes(place.names.volume_prefix)
        self.ip, self.port = "0.0.0.0", PORT  # noqa: S104  inside the lab's own network
        handed = place.keys.hand_over(self.ref)
        planned = plan(
            self.ref,
            place.settings,
            place.names,
            given=self._given,
            command=[*self.cmd, *self.get_args()],
            environment=self.get_env(),
            mounts=resolve(place.settings.volumes, existing, self.ref.owner, place.names),
            secrets=handed.secrets,
            labels=handed.labels,
        )
        return with_limits_told(self.plan_hook(self, planned) if self.plan_hook else planned)

    async def _pull(self, image: str, progress: Progress) -> None:
        if await self.workplace.engine.has_image(image):
            return
        patience, doing = self.workplace.settings.labs.pull_timeout, f"Fetching the image {image}"
        progress.tell("pulling", doing)
        try:
            async with asyncio.timeout(patience):
                async for at in self.workplace.engine.pull(image):
                    progress.tell("pulling", doing, at.done, at.total)
        except TimeoutError:
            raise EngineError(
                f"The image {image} was not fetched within {patience:g} s.",
                remedy="Try again; if it goes on, tell your administrator (labs.pull_timeout).",
            ) from None

    async def _clean_up(self, name: str) -> None:
        """Remove a lab whose start failed, also while this start is being cancelled.

        What an engine that stays away keeps is replaced by the next start.
        """
        remove = self._when_reachable(lambda: self.workplace.engine.remove(name), _CLEAN_UP)
        try:
            await asyncio.shield(asyncio.ensure_future(remove))
            self._lab_name = ""
        except LabyardError as error:
            self.log.error("Could not remove %s after its failed start: %s", name, error)

    async def stop(self, now: bool = False) -> None:
        """Stop and remove the lab; its volumes stay. Waits for an engine that is away."""
        engine, name = self.workplace.engine, self.lab_name
        grace = 0.0 if now else self.workplace.settings.labs.stop_grace
        doing = f"stopping {self._log_name}"
        async with self.workplace.locks.hold(self.user.id, doing, patience=_PATIENCE):
            await self._when_reachable(lambda: engine.stop(name, grace))
            await self._when_reachable(lambda: engine.remove(name))

    @staticmethod
    async def _when_reachable(
        act: Callable[[], Awaitable[None]], patience: float = _OUTAGE
    ) -> None:
        deadline = asyncio.get_running_loop().time() + patience
        while True:
            try:
                await act()
                return
            except EngineUnreachable:
                if asyncio.get_running_loop().time() > deadline:
                    raise
            await asyncio.sleep(_LOOK_AGAIN)

    async def poll(self) -> int | None:
        """Return None while the lab runs or nobody knows, else its exit code."""
        if not self._lab_name:
            return 0  # nothing was started, or the start failed and was cleaned up
        while True:
            try:
                return await self._settled()
            except EngineError as error:
                self.log.warning("%s counts as running: %s", self._log_name, error)
                # A hub that has just started must not decide before it knows: its own check would
                # give up a lab that does not answer yet. It looks again until the engine is back.
                if not self._check_pending or await self._answers():
                    return None
            await asyncio.sleep(_LOOK_AGAIN)

    async def _settled(self) -> int | None:
        """Return what :meth:`poll` does; a lab that is being restarted is not over."""
        if await self._looked() is None:
            return None
        try:
            async with self.workplace.locks.hold(self.user.id, f"looking at {self._log_name}"):
                return await self._looked()
        except Busy:
            return None

    async def _looked(self) -> int | None:
        lab = await self.workplace.engine.lab(self.lab_name)
        if lab is None:
            return 0
        return None if lab.status is LabStatus.RUNNING else lab.exit_code or 0

    async def _answers(self) -> bool:
        address = urlsplit(self.server.url) if self.server else None
        if address is None or address.hostname is None:
            return False
        return await listens(address.hostname, address.port or PORT)

    async def progress(self) -> AsyncIterator[dict[str, Any]]:
        """Yield what this start has done so far, and each further step."""
        if self._progress is not None:
            async for event in self._progress.watch():
                yield event


def explained(error: LabyardError) -> SpawnException:
    """Return the exception that JupyterHub shows to people, with the cause and the remedy."""
    html = str(Markup("<strong>{}</strong> <span>{}</span>").format(error.message, error.remedy))
    told = SpawnException(
        str(error), reason=error.code, status_code=error.status, message_html=html
    )
    # Where pages and progress events look for words that people may see.
    told.jupyterhub_message, told.jupyterhub_html_message = str(error), html
    return told
