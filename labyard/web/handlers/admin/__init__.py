"""Administration: one file a page. ``base`` says how a page is added."""

from labyard.web.handlers.admin import (
    activity,
    audit,
    front,
    groups,
    making,
    many,
    person,
    servers,
    settings,
    users,
)

ROUTES = (
    *front.ROUTES,
    *users.ROUTES,
    *person.ROUTES,
    *groups.ROUTES,
    *servers.ROUTES,
    *many.ROUTES,
    *making.ROUTES,
    *activity.ROUTES,
    *audit.ROUTES,
    *settings.ROUTES,
)
