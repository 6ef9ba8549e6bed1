"""The hub's REST API, called with the rights of whoever clicked."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import aiohttp
from yarl import URL

from labyard.core.causes import BY_CODE
from labyard.core.errors import Busy, Forbidden, LabyardError, NotFound, Refused
from labyard.options.limits import Limits
from labyard.web import onbehalf
from labyard.web.servers import Person, Server, ServersPage, parse_person, parse_servers

_PAGINATED = "application/jupyterhub-pagination+json"
_LOOK_AGAIN = 0.1  # seconds between looks at a server that is on its way


class HubUnreachable(LabyardError):
    """The hub does not answer."""

    code = "hub-unreachable"
    status = 503


class ActionFailed(LabyardError):
    """The hub tried and failed; the message is what it said."""

    code = "failed"
    status = 502


class StartFailed(LabyardError):
    """A start failed; the hub told why."""

    def __init__(self, told: Mapping[str, Any]) -> None:
        super().__init__(
            str(told["why"]), remedy=str(told["remedy"]), cause=BY_CODE.get(told["code"])
        )
        self.code, self.status = str(told["code"]), int(told["status"])
        self.fields: Mapping[str, str] = told["fields"]

    def as_json(self) -> dict[str, Any]:
        """Return the body of a REST answer, with the fields that were refused, if any were."""
        return {**super().as_json(), **({"fields": self.fields} if self.fields else {})}


class BadLines(Refused):
    """Some of many lines are wrong, so that nothing was done; ``lines`` says what by line."""

    code = "bad-lines"

    def __init__(self, message: str, remedy: str, lines: Sequence[Mapping[str, Any]]) -> None:
        super().__init__(message, remedy=remedy)
        self.lines = lines

    def as_json(self) -> dict[str, Any]:
        """Return the body of a REST answer, with what is wrong by line."""
        return {**super().as_json(), "lines": list(self.lines)}


def explain(status: int, body: Any) -> LabyardError:
    """Return the error that a hub's answer of ``status`` (400 or more) stands for."""
    said = body if isinstance(body, dict) else {}
    message, remedy = str(said.get("message") or ""), str(said.get("remedy") or "")
    under_way = " is already running" in message or " is pending " in message
    if status == 409 or (status == 400 and under_way):
        return Busy(
            message or "Another action is under way.",
            remedy=remedy or "Wait for it, then try again.",
        )
    if status in {401, 403}:
        ours = message if said.get("error") else ""
        return Forbidden(ours or "You may not do that.", remedy=remedy or "Ask an administrator.")
    if status == 404:
        return NotFound(message or "There is no such user or server.", remedy=remedy)
    if status < 500:
        message = message or f"The hub refused ({status})."
        lines = said.get("lines")
        return BadLines(message, remedy, lines) if lines else Refused(message, remedy=remedy)
    if status == 503:
        return HubUnreachable(message or "The hub is busy.", remedy="Try again in a moment.")
    return ActionFailed(message or f"The hub failed ({status}).")


@dataclass(frozen=True, slots=True)
class Held:
    """What a running lab has that its user may not have any more, in words; None if nobody knows.

    ``refusal`` says why the choices that it was started with would be refused now, if they would.
    """

    withdrawn: tuple[str, ...] | None
    refusal: str


class Hub:
    """A client of one hub. Every call takes the token of the person it is made for.

    ``vouch`` is what the hub knows the edge by, and believes the service by, on where requests come from.
    """

    def __init__(self, api_url: str, *, timeout: float = 30.0, vouch: str = "") -> None:
        self._api_url = api_url.rstrip("/")
        self._timeout = aiohttp.ClientTimeout(total=timeout)
        self._vouch = vouch
        self._open: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Let go of connections."""
        if self._open is not None:
            await self._open.close()

    async def person(self, token: str, name: str) -> Person:
        """Return a user with all servers, stopped ones too."""
        query = {"include_stopped_servers": "1"}
        return parse_person(await self.call("GET", token, "labyard", "people", name, query=query))

    async def people(self, token: str, offset: int, limit: int) -> tuple[list[Person], int]:
        """Return a page of all users that the caller may list, and how many there are."""
        query = {"include_stopped_servers": "1", "offset": str(offset), "limit": str(limit)}
        page = await self.call("GET", token, "users", query=query)
        return [parse_person(model) for model in page["items"]], page["_pagination"]["total"]

    async def servers(self, token: str, **wanted: str | int) -> ServersPage:
        """Return a page of the servers that the caller may read.

        ``search``, ``state``, ``order``, ``offset`` and ``limit`` are as ``spawners.listing`` tells.
        """
        query = {name: str(value) for name, value in wanted.items()}
        return parse_servers(await self.call("GET", token, "labyard", "servers", query=query))

    async def limits(self, token: str, name: str) -> Limits:
        """Return what a user may choose for a server."""
        return Limits.model_validate(await self.call("GET", token, "labyard", "limits", name))

    async def start(
        self, token: str, user: str, server: str, options: Mapping[str, Any] | None = None
    ) -> None:
        """Ask for a start; it may go on after this returns."""
        body = None if options is None else {"user_options": dict(options)}
        await self.call("POST", token, *_path(user, server), body=body)

    async def failure(self, token: str, user: str, server: str) -> LabyardError | None:
        """Return why the last start of a server failed, None when it did not."""
        told = (await self.call("GET", token, *_start(user, server)))["outcome"]
        return None if told is None else StartFailed(told)

    async def held(self, token: str, user: str, server: str) -> Held:
        """Return what a running lab has that its user may not have any more, by what is found out now."""
        told = await self.call("POST", token, "labyard", *_path(user, server), "held")
        gone = told["withdrawn"]
        return Held(None if gone is None else tuple(gone), told["refusal"])

    async def cancel(self, token: str, user: str, server: str) -> str:
        """End a start that is under way; return the server's state when that is over."""
        return str((await self.call("DELETE", token, *_start(user, server)))["state"])

    async def stop(self, token: str, user: str, server: str, *, remove: bool = False) -> None:
        """Ask for a stop, and with ``remove`` to forget a named server; it may go on after this."""
        body = {"remove": True} if remove else None
        await self.call("DELETE", token, *_path(user, server), body=body)

    async def tokens(self, token: str, user: str) -> list[Mapping[str, Any]]:
        """Return the models of a person's tokens: own ones, those of labs and those of apps."""
        found = await self.call("GET", token, "users", user, "tokens")
        return list(found["api_tokens"])

    async def make_token(
        self, token: str, user: str, *, note: str, scopes: Sequence[str], life: int | None
    ) -> str:
        """Return a new token of a person's that lives ``life`` seconds, None for ever."""
        body = {"note": note, "scopes": list(scopes), "expires_in": life}
        made = await self.call("POST", token, "users", user, "tokens", body=body)
        return str(made["token"])

    async def revoke_token(self, token: str, user: str, token_id: str) -> None:
        """Make a token of a person's worthless; one of an app takes all of that app along."""
        await self.call("DELETE", token, "users", user, "tokens", token_id)

    async def settled(self, token: str, user: str, server: str, patience: float) -> Server | None:
        """Wait until nothing is under way and return the server, None when it is gone.

        Raises
        ------
        Busy
            When it still is after ``patience`` seconds.
        """
        deadline = asyncio.get_running_loop().time() + patience
        while True:
            found = (await self.person(token, user)).servers.get(server)
            if found is None or not found.pending:
                return found
            if asyncio.get_running_loop().time() > deadline:
                raise Busy(
                    f"{_words(server)} is still {found.state}.", remedy="Look again in a while."
                )
            await asyncio.sleep(_LOOK_AGAIN)

    async def call(
        self,
        method: str,
        token: str,
        *path: str,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Any:
        """Return what the hub answers to a request below its API; ``LabyardError`` where it refuses."""
        url = "/".join([self._api_url, *(quote(part, safe="") for part in path)])
        headers = {
            "Authorization": f"token {token}",
            "Accept": f"{_PAGINATED}, application/json",
            **onbehalf.headers(method, self._vouch),
        }
        try:
            async with self._session().request(
                method, URL(url, encoded=True), params=query, json=body, headers=headers
            ) as answer:
                content = await answer.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise HubUnreachable(
                "The hub does not answer.", remedy="Try again in a moment."
            ) from error
        said = _decode(content)
        if answer.status >= 400:
            raise explain(answer.status, said)
        return said

    def _session(self) -> aiohttp.ClientSession:
        if self._open is None:
            self._open = aiohttp.ClientSession(timeout=self._timeout)
        return self._open


def _path(user: str, server: str) -> tuple[str, ...]:
    return ("users", user, "servers", server) if server else ("users", user, "server")


def _start(user: str, server: str) -> tuple[str, ...]:
    return ("labyard", *_path(user, server), "start")


def _words(server: str) -> str:
    return f"The server {server}" if server else "The server"


def _decode(content: bytes) -> Any:
    try:
        return json.loads(content) if content else None
    except ValueError:
        return content.decode(errors="replace")
