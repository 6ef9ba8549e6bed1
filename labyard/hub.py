"""The hub's process: JupyterHub itself, with bounds on what it reads from anybody.

JupyterHub 6.1 has no setting for these. Labs can send past the edge, so the edge alone is not enough.
"""

from __future__ import annotations

from typing import Any

from jupyterhub.app import JupyterHub
from tornado.httputil import HTTPServerRequest
from tornado.web import Application, ErrorHandler
from traitlets import Integer


class BoundedApplication(Application):
    """Refuses what JupyterHub's handlers would choke on, before they see it."""

    max_body: int

    def start_request(self, server_conn: object, request_conn: Any) -> Any:
        """Limit a request's body; tornado's own 100 MB of JSON stall the hub for seconds."""
        request_conn.set_max_body_size(self.max_body)
        return super().start_request(server_conn, request_conn)

    def find_handler(self, request: HTTPServerRequest, **kwargs: Any) -> Any:
        """Refuse a query that is not UTF-8, which JupyterHub decodes outside any error handling."""
        try:
            for values in request.query_arguments.values():
                b"".join(values).decode()
        except UnicodeDecodeError:
            return self.get_handler_delegate(request, ErrorHandler, {"status_code": 400})
        return super().find_handler(request, **kwargs)


class Hub(JupyterHub):  # type: ignore[misc]
    """JupyterHub on a bounded application."""

    name = "jupyterhub"  # so that JupyterHub's own configuration files and help apply

    max_body = Integer(2**20, help="Largest request body in bytes.", config=True)

    def init_tornado_application(self) -> None:
        """Make the application."""
        self.tornado_application = BoundedApplication(self.handlers, **self.tornado_settings)
        self.tornado_application.max_body = self.max_body
