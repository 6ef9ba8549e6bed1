"""Administration: one file a page. ``base`` says how a page is added."""

from labyard.web.handlers.admin import activity, front, making, many, servers, settings

ROUTES = (
    *front.ROUTES,
    *servers.ROUTES,
    *many.ROUTES,
    *making.ROUTES,
    *activity.ROUTES,
    *settings.ROUTES,
)
