"""The hub's process: JupyterHub itself, with a bound on what it reads from anybody."""

from __future__ import annotations

from typing import Any

from jupyterhub.app import JupyterHub
from traitlets import Integer


class Hub(JupyterHub):
    """JupyterHub with a limit on request bodies, which labs can send past the edge.

    JupyterHub 6.1 offers no setting for it; tornado's own limit is 100 MB, which stalls the hub for
    seconds when it is JSON.
    """

    name = "jupyterhub"  # so that JupyterHub's own configuration files and help apply

    max_body = Integer(10 * 2**20, help="Largest request body in bytes.", config=True)

    def init_tornado_application(self) -> None:
        """Limit what each connection may send."""
        super().init_tornado_application()
        start_request = self.tornado_application.start_request

        def start_limited(server: Any, request: Any) -> Any:
            request.set_max_body_size(self.max_body)
            return start_request(server, request)

        self.tornado_application.start_request = start_limited
