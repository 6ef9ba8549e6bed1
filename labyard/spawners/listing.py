"""REST of the hub for its list of servers: searched, in order and a page at a time, whoever they are of.

JupyterHub lists users, and every server of each. With thousands of users that is neither a page of
servers nor quick: here the database finds the rows, and only those of one page become models.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from jupyterhub import orm
from jupyterhub.scopes import Scope, needs_scope
from sqlalchemy import ColumnElement, Text, and_, case, false, func, or_, select, true, type_coerce
from sqlalchemy.orm import joinedload
from tornado import web

from labyard.core.rest import operation
from labyard.spawners.api import Telling

_MOST = 200
_DEFAULT = 50
_NAMED_IMAGE = '"image": "'  # in the options of a server whose image was chosen
_ORDERS = ("name", "idle")

Pending = Mapping[int, str]


class ServersHandler(Telling):
    """The servers that the caller may read."""

    @needs_scope("read:servers", post_filter=True)
    @operation(
        "read:servers",
        query={"search": str, "state": str, "order": str, "offset": int, "limit": int},
        answer={"servers": [dict[str, Any]], "total": int, "counts": dict[str, int]},
    )
    async def get(self) -> None:
        """Answer ``{"servers": [...], "total": n, "counts": {state: n}}``.

        ``search`` is part of a user's name, a server's or an image's; ``state`` one of ``running``,
        ``starting``, ``stopping``, ``stopped`` and ``active`` (not stopped). ``order`` is ``name``,
        active ones first, or ``idle``, the longest idle first. ``counts`` are of all that the search finds.
        """
        search, state = self.get_query_argument("search", ""), self.get_query_argument("state", "")
        order = self.get_query_argument("order", "name")
        pending = self._pending()
        told = {**_states(pending), "": true()}
        if state not in told or order not in _ORDERS:
            raise web.HTTPError(400, f"There is no state {state!r} or no order {order!r}.")
        found = and_(_readable(self.parsed_scopes["read:servers"]), self._holding(search))
        rows = select(orm.Spawner.id).join(orm.Spawner.user).where(found, told[state])
        counts = select(
            *(func.sum(case((told[each], 1), else_=0)).label(each) for each in told if each)
        )
        counted = self.db.execute(
            counts.select_from(orm.Spawner).join(orm.Spawner.user).where(found)
        ).one()
        totals = {name: int(n or 0) for name, n in counted._mapping.items()}
        wanted = rows.order_by(*_ordered(order, told["active"])).limit(
            self._number("limit", _DEFAULT, _MOST)
        )
        ids = self.db.scalars(wanted.offset(self._number("offset", 0, 10**9))).all()
        models = [self._model(spawner) for spawner in self._spawners(ids)]
        total = totals[state] if state else totals["active"] + totals["stopped"]
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps({"servers": models, "total": total, "counts": totals}))

    def _pending(self) -> Pending:
        """Return what is under way, by the id of the server's row; only the hub's memory knows."""
        return {
            spawner.orm_spawner.id: "stopping" if spawner.pending == "stop" else "starting"
            for user in self.users.values()
            for spawner in user.spawners.values()
            if spawner.pending
        }

    def _holding(self, search: str) -> ColumnElement[bool]:
        if not search:
            return true()
        options = type_coerce(orm.Spawner.user_options, Text)
        usual = self.settings["spawner_class"].workplace.settings.labs.image
        return or_(
            orm.User.name.icontains(search, autoescape=True),
            orm.Spawner.name.icontains(search, autoescape=True),
            options.icontains(search, autoescape=True) & options.contains(_NAMED_IMAGE),
            or_(options.is_(None), ~options.contains(_NAMED_IMAGE))
            if search.casefold() in usual.casefold()
            else false(),
        )

    def _spawners(self, ids: Any) -> list[Any]:
        """Return rows of the database by id, in that order."""
        query = select(orm.Spawner).where(orm.Spawner.id.in_(ids))
        loaded = self.db.scalars(query.options(joinedload(orm.Spawner.user))).all()
        by_id = {spawner.id: spawner for spawner in loaded}
        return [by_id[id] for id in ids if id in by_id]

    def _model(self, row: Any) -> dict[str, Any]:
        user = self.users[row.user]
        known = user.spawners.get(row.name)
        model = self.server_model(row if known is None else known, user=user)
        model.pop("state", None)
        return {"user": user.name, "user_id": user.id, **model}

    def _number(self, name: str, default: int, most: int) -> int:
        text = self.get_query_argument(name, str(default))
        if not (text.isascii() and text.isdigit() and len(text) < 10):
            raise web.HTTPError(400, f"{name} is {text!r}, which is no whole number.")
        return min(int(text), most)


def _states(pending: Pending) -> dict[str, ColumnElement[bool]]:
    """Return what a row of each state holds."""
    ids = {
        way: orm.Spawner.id.in_([id for id, now in pending.items() if now == way])
        for way in ("starting", "stopping")
    }
    under_way = or_(*ids.values())
    has_address = orm.Spawner.server_id.is_not(None)
    return {
        "active": or_(has_address, under_way),
        "running": and_(has_address, ~under_way),
        **ids,
        "stopped": and_(~has_address, ~under_way),
    }


def _ordered(order: str, active: ColumnElement[bool]) -> tuple[ColumnElement[Any], ...]:
    name = (orm.User.name, orm.Spawner.name)
    if order == "idle":
        return (orm.Spawner.last_activity.is_(None), orm.Spawner.last_activity, *name)
    return (case((active, 0), else_=1), *name)


def _readable(over: Any) -> ColumnElement[bool]:
    """Return which rows a filter of the scope leaves, as JupyterHub reads such filters."""
    if over is Scope.ALL:
        return true()
    pairs = [each.partition("/") for each in over.get("server", ())]
    return or_(
        orm.User.name.in_(list(over.get("user", ()))),
        orm.User.groups.any(orm.Group.name.in_(list(over.get("group", ())))),
        *(and_(orm.User.name == user, orm.Spawner.name == server) for user, _, server in pairs),
    )


handlers: list[tuple[str, type]] = [(r"/api/labyard/servers", ServersHandler)]
