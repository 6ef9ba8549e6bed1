"""Sign-in by a header of a trusted proxy."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, model_validator

from labyard.settings.kinds import Line, WebAddress, Written
from labyard.settings.section import Disagreement, Section, option

_WORDS = "the name of a header such as Remote-User, of letters, digits and -"
# What requests carry for other reasons: it would be taken off of everybody's.
_OTHERS = re.compile(
    r"(accept|access-control|content|if|sec|transfer|x-labyard|x-forwarded|x-xsrf)(-.*)?|x-xsrftoken"
    r"|authorization|cache-control|connection|cookie|date|expect|forwarded|host|keep-alive|origin"
    r"|pragma|range|referer|te|trailer|upgrade|user-agent|via|x-real-ip|x-scheme|x-requested-with"
)


def _header(value: str) -> str:
    if value and not re.fullmatch(r"(?=.{1,64}$)[A-Za-z0-9]+(-[A-Za-z0-9]+)*", value):
        raise ValueError(f"must be {_WORDS}")
    if _OTHERS.fullmatch(value.lower()):
        raise ValueError("must not be a header that every request may carry")
    return value


HeaderName = Annotated[str, AfterValidator(_header), Written(_WORDS)]


class HeaderSignIn(Section):
    """Sign-in by a header that a proxy of edge.trusted_proxies sets."""

    name: HeaderName = option(
        "", "Header that says who somebody is, such as Remote-User. Empty switches this way off."
    )
    label: Line = option("single sign-on", "What the sign-in page calls it.", max_length=40)
    issuer: Line = option(
        "",
        "Who vouches, such as the identity provider's address. With another one nobody is known.",
        max_length=255,
    )
    role_header: HeaderName = option(
        "", "Header with the roles somebody has, split at ;, such as isMemberOf."
    )
    required_role: Line = option("", "Role without which nobody comes in by this way.")
    missing_user_redirect: WebAddress = option(
        "", "Where to send whom the proxy does not name; empty answers 401."
    )
    missing_role_redirect: WebAddress = option(
        "", "Where to send who lacks the role; empty answers 403."
    )
    new_accounts: Literal["approve", "ask"] = option(
        "ask",
        "What becomes of somebody new: approve lets them in, ask makes them wait for an administrator.",
    )
    sign_out: WebAddress = option(
        "", "Where sessions at the proxy end: signing out here leads there."
    )

    @model_validator(mode="after")
    def _whole(self) -> HeaderSignIn:
        if bool(self.role_header) != bool(self.required_role):
            clash = "auth.header: role_header and required_role need each other"
            raise Disagreement([(("auth.header.role_header", "auth.header.required_role"), clash)])
        if self.required_role and not self.name:
            clash = "auth.header has a required_role, which needs a name"
            raise Disagreement([(("auth.header.required_role", "auth.header.name"), clash)])
        return self

    @property
    def headers(self) -> tuple[str, ...]:
        """Return the headers, in lower case, that only a trusted proxy may set; none if it is off."""
        return tuple(name.lower() for name in (self.name, self.role_header) if name)
