"""JupyterHub with this room's sign-in, for the tests. What differs comes from HUB_TEST, a JSON file."""

import json
import os
from pathlib import Path

from jupyterhub.proxy import Proxy
from jupyterhub.spawner import SimpleLocalProcessSpawner

from labyard.auth.native import LabyardAuthenticator
from labyard.auth.ways.directory import Directory, Place
from labyard.auth.ways.ldap import LdapWay, Rights
from labyard.auth.ways.oidc import Oidc
from labyard.auth.ways.provider import Provider
from labyard.auth.ways.way import Welcome
from labyard.auth.ways.ways import Ways
from labyard.web.page import template_paths

told = json.loads(Path(os.environ["HUB_TEST"]).read_text())
data = Path(told["data"])
c = get_config()


class NoProxy(Proxy):
    """The tests talk to the hub itself; what the hub asks of its proxy is written down."""

    should_start = False
    routes: dict = {}  # noqa: RUF012

    async def get_all_routes(self):
        return self.routes

    async def add_route(self, routespec, target, data):
        self.routes[routespec] = {"routespec": routespec, "target": target, "data": data}

    async def delete_route(self, routespec):
        self.routes.pop(routespec, None)

    async def cut(self, target):
        with (data / "cuts").open("a") as file:
            file.write(target + "\n")


class Spawner(SimpleLocalProcessSpawner):
    home_dir_template = str(data / "homes/{username}")
    cmd = [told["python"], str(Path(__file__).with_name("lab.py")), str(data)]  # noqa: RUF012


c.JupyterHub.db_url = told["database"]
c.JupyterHub.hub_bind_url = f"http://127.0.0.1:{told['ports'][0]}"
c.JupyterHub.bind_url = f"http://127.0.0.1:{told['ports'][1]}{told['base_url']}"
c.JupyterHub.cookie_secret_file = str(data / "cookie_secret")
c.JupyterHub.proxy_class = NoProxy
c.JupyterHub.spawner_class = Spawner
c.JupyterHub.authenticator_class = LabyardAuthenticator
c.JupyterHub.template_paths = [*template_paths(), *LabyardAuthenticator.template_paths()]
c.JupyterHub.services = [{"name": "cli", "api_token": told["token"]}]
c.JupyterHub.load_roles = [
    {
        "name": "cli",
        "services": ["cli"],
        "scopes": ["admin:users", "admin:servers", "admin:groups", "tokens", "read:hub"],
    }
]
c.JupyterHub.log_level = "INFO"
c.LabyardAuthenticator.database = told["database"]
c.LabyardAuthenticator.data_dir = told["data"]
c.LabyardAuthenticator.update(told["options"])

LabyardAuthenticator.ways = Ways(
    [
        Oidc(Provider(**{**way, "welcome": Welcome(way["welcome"])}), callback=callback)
        for callback, way in told["ways"].items()
    ]
    + [
        LdapWay(
            Directory(Place(**told["ldap"])),
            Rights({"physics": "team", "engineers": "docker-privileged"}, "chiefs"),
            label="the directory",
            welcome=Welcome.APPROVE,
        )
        for _ in range(bool(told["ldap"]))
    ],
    password=told["password"],
    key=b"k" * 32,
    privileged=lambda groups: groups & {"docker-privileged"},
)
