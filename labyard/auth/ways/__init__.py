"""Ways to sign in besides a password of this house.

A way says who somebody is; this room says what follows: which account that is, a new one or none. The
hub keeps its one Authenticator (``auth.native``), which holds the ways that the settings switch on.

To write a new way:

1. Subclass :class:`~labyard.auth.ways.way.Way` in a module of its own here.
   * One that sends people elsewhere, or reads who they are off the request, returns ``handlers()`` and
     the ``address()`` of the first of them, which the sign-in page's button leads to. The last of them is
     an :class:`~labyard.auth.ways.arrival.Arrival` and ends in ``await self.come_in(identity)``.
   * One that asks for a name and a password has ``asks_password = True`` and implements ``check()``: the
     sign-in page's own form and the throttle of passwords are in front of it.
   * ``ask()`` is called before each start, for what the way says by then.
2. Declare its settings as a ``Section`` below ``auth`` and build it in ``labyard/wiring/ways.py``.

Nothing else changes: accounts, approval, the allow-list, groups, administrators, linking and renames are
the same for every way.
"""
