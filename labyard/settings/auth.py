"""Who may come in, and how often that may be tried."""

from __future__ import annotations

from pydantic import model_validator

from labyard.settings import clashes
from labyard.settings.header import HeaderSignIn
from labyard.settings.kinds import Flag, HostPath, Seconds, Username, Whole
from labyard.settings.ldap import Directory
from labyard.settings.oidc import Provider
from labyard.settings.section import Disagreement, Section, option

# Keys of ways that are not providers.
_OTHER_WAYS = {"header", "ldap", "password"}


class Throttle(Section):
    """How often a wrong password may be tried."""

    per_address: Whole = option(
        20, "Failed sign-ins an address may make in the window.", ge=1, le=100_000
    )
    per_name: Whole = option(
        10, "Failed sign-ins a name may take in the window, from one network.", ge=1, le=100_000
    )
    window: Seconds = option("5m", "Length of the window.")


class Auth(Section):
    """Who may come in."""

    admin: Username = option("admin", "The first administrator.", env="JUPYTERHUB_ADMIN")
    password: Flag = option(
        True,
        "Whether people sign in with a password of this place. Without it only administrators do, by a"
        " link below the other ways.",
    )
    oidc: list[Provider] = option(
        list, "Providers to sign in at, in the order of the sign-in page."
    )
    sign_up: Flag = option(True, "Whether people may ask for an account; an admin approves it.")
    allow_list: HostPath = option(
        "",
        "File of those who may come in, one name a line, read at each sign-in and start; relative to"
        " the settings file. Empty lets in every account that is approved. Administrators need not be"
        " on it.",
    )
    blocked: list[Username] = option(list, "Names that nobody comes in by, whatever the way.")
    header: HeaderSignIn = option(
        HeaderSignIn, "Sign-in by a header that a proxy of edge.trusted_proxies sets."
    )
    ldap: Directory = option(Directory, "Sign-in with name and password of a directory.")
    email_names: Flag = option(False, "Admit @ and + and up to 64 characters in usernames.")
    min_password: Whole = option(12, "Shortest password.", ge=8, le=128)
    session: Seconds = option("14d", "How long a browser stays signed in.")
    longest_token: Seconds | None = option(
        None, "Longest life of an API token; null also admits tokens that never expire."
    )
    throttle: Throttle = option(Throttle, "How often a wrong password may be tried.")

    @model_validator(mode="after")
    def _admin_is_a_name(self) -> Auth:
        if not self.email_names and (len(self.admin) > 32 or {"@", "+"} & set(self.admin)):
            clash = f"auth.admin is {self.admin}; such a name needs auth.email_names"
            raise Disagreement([(("auth.admin", "auth.email_names"), clash)])
        if self.admin in self.blocked:
            clash = f"auth.blocked has {self.admin}, the first administrator"
            raise Disagreement([(("auth.blocked", "auth.admin"), clash)])
        return self

    @model_validator(mode="after")
    def _ways_are_told_apart(self) -> Auth:
        keys = [provider.key for provider in self.oidc]
        if found := list(clashes.given_twice("auth.oidc", "key", keys)):
            raise Disagreement(found)
        if taken := sorted(set(keys) & _OTHER_WAYS):
            clash = f"auth.oidc: the key {taken[0]} is that of another way; choose another one"
            raise Disagreement([(("auth.oidc",), clash)])
        return self
