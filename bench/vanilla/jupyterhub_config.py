"""The rival: JupyterHub and DockerSpawner as their guides set them up, on a network of its own."""

import os

c = get_config()

c.JupyterHub.bind_url = os.environ["RIVAL_URL"]
c.JupyterHub.hub_bind_url = os.environ["RIVAL_HUB_URL"]
c.JupyterHub.db_url = "sqlite:///jupyterhub.sqlite"
c.JupyterHub.cleanup_servers = False
# configurable-http-proxy runs by itself, so that a hub's start is measured and not Node's as well.
c.JupyterHub.cleanup_proxy = False
c.ConfigurableHTTPProxy.should_start = False
c.ConfigurableHTTPProxy.api_url = os.environ["RIVAL_PROXY_API"]
c.ConfigurableHTTPProxy.auth_token = os.environ["CONFIGPROXY_AUTH_TOKEN"]

c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True
c.JupyterHub.services = [{"name": "bench", "api_token": os.environ["RIVAL_TOKEN"]}]
c.JupyterHub.load_roles = [
    {
        "name": "bench",
        "scopes": ["admin:users", "admin:servers", "access:servers"],
        "services": ["bench"],
    }
]

c.JupyterHub.spawner_class = "dockerspawner.DockerSpawner"
c.DockerSpawner.image = os.environ["RIVAL_IMAGE"]
c.DockerSpawner.network_name = os.environ["RIVAL_NETWORK"]
c.DockerSpawner.use_internal_ip = True
c.DockerSpawner.remove = True
c.DockerSpawner.prefix = os.environ["RIVAL_LABEL"]
c.DockerSpawner.name_template = "{prefix}-{username}"
c.DockerSpawner.volumes = {"{prefix}-{username}": "/home/jovyan"}
c.DockerSpawner.extra_create_kwargs = {
    "labels": {"org.labyard.installation": os.environ["RIVAL_LABEL"]}
}
c.DockerSpawner.mem_limit = "4G"
c.DockerSpawner.cpu_limit = 2
# Twenty starts at once take it minutes.
c.Spawner.start_timeout = c.Spawner.http_timeout = 600
