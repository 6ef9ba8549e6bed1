"""A Jupyter Server extension that opens MLflow once the lab listens: kernels log to it unasked.

Opened through jupyter-server-proxy, it is started, watched and ended as any other tool.
"""

from __future__ import annotations

from typing import Any

from tornado.httpclient import AsyncHTTPClient

PATIENCE = 120.0  # seconds


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": __name__}]


def _load_jupyter_server_extension(server: Any) -> None:
    server.io_loop.add_callback(_open, server, "mlflow")


async def _open(server: Any, tool: str) -> None:
    try:
        await AsyncHTTPClient().fetch(
            f"http://127.0.0.1:{server.port}{server.base_url}{tool}/",
            headers={"Authorization": f"token {server.identity_provider.token}"},
            request_timeout=PATIENCE,
        )
    except Exception as error:
        server.log.warning("%s did not start: %s", tool, error)
