"""Administration: one file a page. ``base`` says how a page is added."""

from labyard.web.handlers.admin import front, settings

ROUTES = (
    *front.ROUTES,
    *settings.ROUTES,
)
