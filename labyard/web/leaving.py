"""Deleting somebody with all their volumes: nothing of it is undone, so the account goes last."""

from __future__ import annotations

from dataclasses import dataclass

from labyard.core.errors import LabyardError
from labyard.core.models import Owner
from labyard.web.accounts import Accounts
from labyard.web.actions import Actions


@dataclass(frozen=True, slots=True)
class Leaving:
    """Shuts out, waits until labs have ended, removes the volumes, then the account."""

    accounts: Accounts
    actions: Actions

    async def __call__(self, token: str, owner: Owner) -> tuple[str, ...]:
        """Do it with the rights of ``token``; return the volumes that there were.

        Raises
        ------
        LabyardError
            When a step fails. The account is still there then, withdrawn, and it can be tried again.
        """
        with self.actions.turns.take(owner.id, f"deleting {owner.name}"):
            account = await self.accounts.one(token, owner.name)
            if account["state"] == "approved":
                await self.accounts.act(token, owner.name, "withdraw")
            try:
                await self._until_stopped(token, owner)
                gone = await self.actions.reset_volumes.all(owner)
                await self.accounts.remove(token, owner.name)
            except LabyardError as error:
                error.remedy = f"{error.remedy} {owner.name} is withdrawn and not deleted.".strip()
                raise
        return gone

    async def _until_stopped(self, token: str, owner: Owner) -> None:
        hub, patience = self.actions.hub, self.actions.patience
        for server in (await hub.person(token, owner.name)).servers:
            await hub.settled(token, owner.name, server, patience)
