"""How the hub runs a lab: JupyterHub's Spawner on any of the engines."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, ClassVar
from urllib.parse import urlsplit

from jupyterhub import __version__ as hub_version
from jupyterhub.spawner import Spawner
from sqlalchemy import inspect
from traitlets import Any as AnyTrait

from labyard.core import causes
from labyard.core.errors import Busy, EngineError, EngineUnreachable, LabyardError
from labyard.core.models import LabStatus, Owner, ServerPlan, ServerRef
from labyard.core.servernames import refuse_taken
from labyard.policies.held import held
from labyard.spawners import room
from labyard.spawners.choosing import Choosing
from labyard.spawners.clearing import Clearing, when_reachable
from labyard.spawners.outcome import Cancelled, Outcome, explained, of_exception, told
from labyard.spawners.plan import (
    HOME,
    PORT,
    plan,
    with_engine,
    with_gpus,
    with_limits_told,
    with_sudo,
)
from labyard.spawners.progress import Pace, Progress, Step
from labyard.spawners.recording import started
from labyard.spawners.rows import StartPage, start_page
from labyard.spawners.start import SLOW, Start
from labyard.spawners.waiting import listens
from labyard.volumes.catalog import resolve
from labyard.volumes.granted import granted

# Seconds: how long a stop waits for another action on the same user's labs, and how often a look that
# found no engine is taken again.
_PATIENCE = 120.0
_LOOK_AGAIN = 1.0


class LabSpawner(Choosing, Spawner):
    """Starts, watches and stops one lab.

    An engine that does not answer means *unknown*: the lab counts as running, as it last did.
    """

    plan_hook: Callable[[LabSpawner, ServerPlan], ServerPlan] | None = AnyTrait(
        None,
        allow_none=True,
        config=True,
        help="""A site's last word: called with (spawner, plan) before each start, returns the plan
        to use, for example ``dataclasses.replace(plan, cpu=4)``.""",
    )

    _pace: ClassVar[Pace] = Pace()
    _progress: Progress | None = None
    _work: asyncio.Task[str] | None = None
    _cancelled = False
    _lab_name = ""
    _starting = False
    _failure: Outcome | None = None

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
        failed = self._failure.as_json() if self._failure else None
        lab, starting = self._lab_name, self._starting
        ours = {"lab": lab, "starting": starting, "failed": failed, "held": self._held}
        return {**super().get_state(), **ours}

    def load_state(self, state: dict[str, Any]) -> None:
        """Take up what :meth:`get_state` gave."""
        super().load_state(state)
        self._lab_name = state.get("lab", "")
        self._starting = state.get("starting", False)
        self._failure = Outcome.of_state(state)
        self._held = state.get("held")

    def clear_state(self) -> None:
        """Forget the lab that was; how its start failed is kept until the next one."""
        super().clear_state()
        self._lab_name, self._starting, self._held = "", False, None

    # -- life -------------------------------------------------------------------------------------

    @property
    def granted(self) -> Mapping[str, str]:
        """Return what the audit tells of what this server was given."""
        said = {"image": self._given.image, "profile": self._given.profile}
        docker = {"docker": "socket"} if self._allowed.engine else {}
        return {name: value for name, value in said.items() if value} | docker

    def begin_anew(self) -> None:
        """Forget how the last start failed: another one begins, whatever keeps it from going on."""
        self._failure = None

    async def _run_apply_user_options(self, user_options: dict[str, Any]) -> None:
        with self._noting():
            await super()._run_apply_user_options(user_options)

    async def start(self) -> str:
        """Start the lab and return its URL. A start that fails leaves nothing behind."""
        with self._noting():
            url = await self._explained()
        started(self.workplace.audit, self)
        return url

    @contextmanager
    def _noting(self) -> Iterator[None]:
        """Remember how a part of a start fails: JupyterHub forgets it once somebody looks at the form."""
        self.begin_anew()
        try:
            yield
        except (Exception, asyncio.CancelledError) as error:
            self._failure = of_exception(error)
            started(self.workplace.audit, self, self._failure)
            raise

    async def _explained(self) -> str:
        progress = self._progress = Progress()
        self._cancelled = False
        try:
            self._work = asyncio.create_task(self._in_turn(progress))
            return await self._work
        except LabyardError as error:
            raise explained(error, await self.more_memory(error)) from error
        except asyncio.CancelledError:
            if not self._cancelled:
                raise
            raise explained(Cancelled()) from None
        finally:
            self._work = None
            progress.end()

    def cancel_start(self) -> bool:
        """End the start that is under way; return whether there is one that still can be ended."""
        if self._work is None or self._work.done():
            return False
        if not self._cancelled:  # a second time would cut short the clearing away
            self._cancelled = self._work.cancel()
        return self._cancelled

    @property
    def steps(self) -> Sequence[Step]:
        """Return what the last start did, step by step."""
        return self._progress.steps if self._progress else ()

    @property
    def start_page(self) -> StartPage:
        """Return what the starting page shows."""
        elapsed = self._progress.elapsed if self._progress else 0.0
        return start_page(self.steps, elapsed, self._pace.usual)

    @property
    def interrupted(self) -> Outcome:
        """Return what the starting page shows when the hub was restarted meanwhile."""
        return told(EngineError("Its start ended with the hub's.", cause=causes.INTERRUPTED))

    @property
    def outcome(self) -> Outcome | None:
        """Return how the last start failed, None when it did not."""
        if self.active:
            return None
        if (future := self._spawn_future) is None:
            return self._failure
        if not future.done():
            return None
        error = None if future.cancelled() else future.exception()
        return None if error is None else of_exception(error)

    async def _in_turn(self, progress: Progress) -> str:
        place = self.workplace
        refuse_taken(self.name)
        async with (
            place.locks.hold(self.user.id, f"starting {self._log_name}"),
            place.gpus.promised(self._given.gpus, self.lab_name) as gpus,
        ):
            return await self._start(progress, gpus)

    async def _start(self, progress: Progress, gpus: tuple[str, ...]) -> str:
        place = self.workplace
        progress.tell("preparing", "Preparing")
        with progress.if_slow(SLOW, "The container engine has not answered yet."):
            fitted = await self._room_for(await self._plan())
        planned = with_limits_told(with_gpus(fitted, gpus))
        labs, path = place.settings.labs, self.server.base_url
        start = Start(place.engine, labs, self._clearing, progress, path, hub_version)
        try:
            await self._set_date()
            lab = await start.run(planned, self._remember)
        except BaseException:
            self._lab_name = ""
            raise
        finally:
            self._starting = False
        self._pace.note(progress)
        return f"http://{lab.host}:{lab.port}"

    def _remember(self, name: str) -> None:
        """Keep the lab's name before it is there: a hub that dies meanwhile finds and removes it."""
        self._lab_name, self._starting = name, True
        self._held = held(self._given, self._allowed)
        self.orm_spawner.state = self.get_state()
        inspect(self.orm_spawner).session.commit()

    async def _room_for(self, planned: ServerPlan) -> ServerPlan:
        host = await self.workplace.engine.info()
        room.check_memory(host, self.workplace.settings.labs.host_reserve)
        chosen = self.user_options
        return room.fitted(planned, host, cpu="cpu" in chosen, memory="memory" in chosen)

    @property
    def _clearing(self) -> Clearing:
        return Clearing(self.workplace.engine, self.workplace.locks, self.user.id)

    async def _set_date(self) -> None:
        """Note when this server ends, before it begins: no server lives on for want of a date."""
        await self.workplace.expiries.start(
            self.user.id, self.name, self._given.days, self._most_days, datetime.now(UTC)
        )

    async def rename(self, old_name: str, new_name: str) -> None:
        """Let the date go with the server."""
        await self.workplace.expiries.rename(self.user.id, old_name, new_name)

    async def delete_forever(self) -> None:
        """Forget the date of a server that is deleted, or whose user is."""
        await self.workplace.expiries.put(self.user.id, self.name, None)

    async def _plan(self) -> ServerPlan:
        place = self.workplace
        existing = await place.engine.volumes(place.names.volume_prefix)
        self.ip, self.port = "0.0.0.0", PORT  # noqa: S104  inside the lab's own network
        handed = place.keys.hand_over(self.ref)
        own = resolve(place.settings.volumes, existing, self.ref.owner, place.names)
        extra = granted(
            self._allowed.volumes,
            place.settings.storage,
            place.names,
            taken=[HOME, *(mount.target for mount in own)],
            private=[place.private],
            here=place.engine.here,
        )
        planned = plan(
            self.ref,
            place.settings,
            place.names,
            given=self._given,
            command=[*self.cmd, *self.get_args()],
            environment={**self.get_env(), **self._allowed.environment},
            mounts=[*own, *extra.mounts],
            volume_options=extra.options,
            secrets=handed.secrets,
            labels=handed.labels,
        )
        planned = with_engine(planned, place.engine.socket if self._allowed.engine else None)
        planned = with_sudo(planned, self._allowed.sudo)
        return self.plan_hook(self, planned) if self.plan_hook else planned

    async def stop(self, now: bool = False) -> None:
        """Stop and remove the lab; its volumes stay. Waits for an engine that is away."""
        engine, name = self.workplace.engine, self.lab_name
        grace = 0.0 if now else self.workplace.settings.labs.stop_grace
        doing = f"stopping {self._log_name}"
        async with self.workplace.locks.hold(self.user.id, doing, patience=_PATIENCE):
            await when_reachable(lambda: engine.stop(name, grace))
            await when_reachable(lambda: engine.remove(name))

    async def poll(self) -> int | None:
        """Return None while the lab runs or nobody knows, else its exit code."""
        if not self._lab_name:
            return 0  # nothing was started, or the start failed and was cleaned up
        while True:
            try:
                if self._starting and self._work is None:
                    return await self._forsaken()
                return await self._settled()
            except EngineError as error:
                self.log.warning("%s counts as running: %s", self._log_name, error)
                # A hub that has just started must not decide before it knows: its own check would
                # give up a lab that does not answer yet. It looks again until the engine is back.
                if not self._check_pending or await self._answers():
                    return None
            await asyncio.sleep(_LOOK_AGAIN)

    async def _forsaken(self) -> int:
        """Remove what a start made whose hub is gone, and the start with it."""
        try:
            await self.workplace.engine.remove(self._lab_name)
        except EngineUnreachable:
            raise  # nobody knows whether it runs
        except LabyardError as error:
            self.log.warning("What is left of %s: %s", self._log_name, error)
        self._failure = self.interrupted
        return 1

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
