"""What is recorded: a closed list of actions, each with a sentence and the details that it may carry.

A detail that is not listed here is never kept. None of them is a password, a token or a code.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Action:
    """One kind of act. ``fields`` are the names of its details."""

    name: str
    sentence: str
    fields: frozenset[str]


# Why it was refused or failed, in a word or a short sentence that was written for people.
# ``more`` is how many others of the same request are not told one by one.
_ALWAYS = frozenset({"reason", "more"})
ACTIONS: Final[dict[str, Action]] = {}


def _action(name: str, sentence: str, *fields: str) -> Action:
    ACTIONS[name] = action = Action(name, sentence, _ALWAYS | frozenset(fields))
    return action


SIGN_IN = _action("sign-in", "Somebody signs in.", "way", "issuer")
SIGN_OUT = _action("sign-out", "Somebody signs out.")
SIGN_UP = _action("sign-up", "Somebody asks for an account.")
FORGED = _action("request.forged", "A request came that another page had sent.", "method", "path")

ACCOUNT_ADD = _action("account.add", "An account is made.", "admin", "groups")
ACCOUNT_APPROVE = _action("account.approve", "A request for an account is granted.")
ACCOUNT_DECLINE = _action("account.decline", "A request for an account is declined.")
ACCOUNT_WITHDRAW = _action("account.withdraw", "An account is shut out.")
ACCOUNT_RESTORE = _action("account.restore", "An account that was shut out is let in again.")
ACCOUNT_RENAME = _action("account.rename", "An account gets another name.", "to")
ACCOUNT_REMOVE = _action("account.remove", "An account is removed.")
ADMIN_GIVE = _action("admin.give", "Somebody is made an administrator.")
ADMIN_TAKE = _action("admin.take", "Somebody is no administrator any more.")
IDENTITY_LINK = _action(
    "identity.link", "An account may be signed in to by another way.", "way", "issuer", "subject"
)
IDENTITY_UNLINK = _action(
    "identity.unlink",
    "An account is not signed in to by a way any more.",
    "way",
    "issuer",
    "subject",
)
CODE_MAKE = _action("code.make", "A one-time code for a new password is made.")
PASSWORD_SET = _action("password.set", "A password is set with a one-time code.")
PASSWORD_CHANGE = _action("password.change", "Somebody changes their own password.")

GROUP_ADD = _action("group.add", "A group is made.", "users")
GROUP_REMOVE = _action("group.remove", "A group is removed.")
GROUP_CHANGE = _action("group.change", "A group's properties or roles are changed.", "names")
GROUP_JOIN = _action("group.join", "People are put into a group.", "users")
GROUP_LEAVE = _action("group.leave", "People are taken out of a group.", "users")
POLICY_SET = _action("policy.set", "What a group grants is set.", "before", "after")
POLICY_REMOVE = _action("policy.remove", "What a group grants is taken away.", "before")

SERVER_START = _action("server.start", "A server is started.", "image", "profile", "docker")
SERVER_STOP = _action("server.stop", "A server is stopped.")
SERVER_RESTART = _action("server.restart", "A lab is restarted in place.")
SERVER_DELETE = _action("server.delete", "A server is stopped and forgotten.")
SERVER_CANCEL = _action("server.cancel", "A start that is under way is cancelled.")
SERVER_CHANGE = _action(
    "server.change", "A server that does not run gets another name or other options.", "fields"
)
SERVER_EXTEND = _action("server.extend", "The end of a server is put off.", "until")
SERVER_END = _action("server.end", "A server ends at its date.")
SERVER_CULL = _action("server.cull", "A server that nobody uses is stopped.")

VOLUME_RESET = _action("volume.reset", "A volume is emptied.", "volumes")
VOLUME_UPLOAD = _action("volume.upload", "Files are put into a volume.", "folder", "files")
VOLUME_DOWNLOAD = _action("volume.download", "Files are taken out of a volume.", "folder")

TOKEN_ADD = _action("token.add", "An API token is made.", "note", "scopes", "life")
TOKEN_REMOVE = _action("token.remove", "An API token is made worthless.", "id")
KEY_ADD = _action("key.add", "An SSH key is added.", "fingerprint", "label")
KEY_REMOVE = _action("key.remove", "An SSH key is removed.", "id", "fingerprint", "label")
SHARE_ADD = _action("share.add", "Somebody is given access to a server.", "with", "scopes")
SHARE_REMOVE = _action("share.remove", "Access to a server is taken away.", "with", "scopes")
SERVICE_ADD = _action("service.add", "A service of the hub's is added.")
SERVICE_REMOVE = _action("service.remove", "A service of the hub's is removed.")

HUB_STOP = _action("hub.stop", "The hub is told to end.")
PROXY_CHANGE = _action("proxy.change", "The hub is told to look after its proxy.")
