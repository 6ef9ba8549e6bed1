"""Every setting, declared once: type, default, bounds, unit, help and environment names.

The reference page, the example file, the JSON schema and ``.env.example`` are made from here
(``render.py``), and what a site wrote is checked against here (``load.py``).
"""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlsplit

from pydantic import model_validator

from labyard.core.names import Scheme
from labyard.settings import clashes
from labyard.settings.audit import AuditSettings
from labyard.settings.auth import Auth
from labyard.settings.chosen import Device
from labyard.settings.groups import GroupSettings
from labyard.settings.kinds import (
    Address,
    AddressOrNetwork,
    BaseUrl,
    Bytes,
    BytesOrZero,
    Cores,
    Database,
    EngineAddress,
    Flag,
    HostPath,
    Image,
    Key,
    LabPath,
    Port,
    PrivateBlock,
    Seconds,
    Variables,
    WebAddress,
    Whole,
)
from labyard.settings.profiles import Profile
from labyard.settings.section import Disagreement, Section, option
from labyard.settings.site import Site
from labyard.settings.storage import Storage
from labyard.settings.volumes import Uploads, VolumeSettings, default_volumes


class Edge(Section):
    """The front door: where browsers arrive, and JupyterHub's proxy."""

    proxy: Literal["auto", "haproxy", "chp"] = option(
        "auto",
        "Which proxy: haproxy, chp (configurable-http-proxy), or haproxy where it is installed.",
    )
    address: Address = option("127.0.0.1", "Address to listen on. 0.0.0.0 opens it to the network.")
    port: Port = option(8000, "Port to listen on.")
    trusted_proxies: list[AddressOrNetwork] = option(
        list,
        "Proxies before the edge. They are believed where a request came from, and with header sign-in"
        " who somebody is. Nobody else is.",
    )
    subdomains: Flag = option(
        False,
        "Give every person's labs a host name of their own, NAME.<host of external_url>, so that a"
        " lab's page is of another origin than the hub's. Needs DNS, and a certificate, for all of them.",
    )
    max_body: Bytes = option(
        "1M", "Largest request body the hub and its services take. Labs have no such limit."
    )


class Hub(Section):
    """The hub's own process."""

    port: Port = option(8081, "Port of the hub's API, reached by labs and by the edge.")
    service_port: Port = option(
        8082, "Port of Labyard's own pages, reached by the edge on loopback."
    )
    database: Database = option(
        "",
        "SQLAlchemy URL of the database. Empty is SQLite (WAL) in the data directory.",
        env="JUPYTERHUB_DB_URL",
        secret=True,
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = option(
        "INFO", "How much is logged.", env="JUPYTERHUB_LOG_LEVEL"
    )


class EngineSettings(Section):
    """What runs the labs."""

    kind: Literal["auto", "docker", "podman", "local"] = option(
        "auto",
        "auto takes a Docker or Podman socket that answers, else local (processes, no isolation).",
        env="EXECUTION_MODE",
    )
    socket: EngineAddress = option(
        "", "Engine address; empty looks in the usual places.", env="DOCKER_HOST"
    )
    timeout: Seconds = option(
        "60s", "How long one call may take before the engine counts as unreachable."
    )


class HardeningSettings(Section):
    """What a lab may not do."""

    read_only_root: Flag = option(
        True, "Root file system read-only; volumes and /tmp are writable."
    )
    drop_capabilities: Flag = option(True, "No Linux capabilities.")
    no_new_privileges: Flag = option(True, "No gain of rights through setuid programs.")
    pids: Whole = option(512, "Most processes and threads in a lab.", ge=32, le=1_000_000)
    log_size: Bytes = option("10M", "Size of one log file of a lab.")
    log_files: Whole = option(3, "How many log files a lab keeps.", ge=1, le=100)


class Services(Section):
    """Web tools inside every lab, behind the hub's sign-in."""

    mlflow: Flag = option(False, "MLflow.", env="ENABLE_SERVICE_MLFLOW")
    tensorboard: Flag = option(False, "TensorBoard.", env="ENABLE_SERVICE_TENSORBOARD")
    glances: Flag = option(False, "Glances.", env="ENABLE_SERVICE_GLANCES")
    vscode: Flag = option(False, "VS Code.", env="ENABLE_SERVICE_VSCODE")


class Labs(Section):
    """What a lab is made of and may use."""

    image: Image = option(
        "labyard/lab:latest",
        "Image of a lab when none is chosen.",
        env=("DOCKER_NOTEBOOK_IMAGE", "DOCKER_JUPYTER_CONTAINER"),
    )
    images: list[Image] = option(list, "Images a person may choose besides the default one.")
    custom_images: Flag = option(False, "Whether people may name any other image, too.")
    profiles: list[Profile] = option(
        list, "Presets to pick from; the first is what a start without a choice gets."
    )
    cpu: Cores | None = option(2.0, "CPU limit of a lab in cores; null for none.")
    max_cpu: Cores | None = option(
        None, "Most cores a person may choose; null for no more than labs.cpu."
    )
    memory: Bytes | None = option("4G", "Memory limit of a lab, swap included; null for none.")
    max_memory: Bytes | None = option(
        None, "Most memory a person may choose; null for no more than labs.memory."
    )
    shm: Bytes = option("256M", "Size of /dev/shm.")
    max_shm: Bytes = option("2G", "Largest /dev/shm a person may choose.")
    gpus: Whole = option(0, "Most GPUs a lab may have.", ge=0, le=1024)
    named_servers: Whole = option(3, "How many named servers a person may have.", ge=0, le=1000)
    max_days: Whole | None = option(
        None,
        "Most days a server may live, counted from its start and again when it is extended; "
        "null for no limit. With a limit, a server without a choice of its own gets that many.",
        ge=1,
        le=3650,
    )
    idle_timeout: Seconds | None = option(
        None,
        "How long nobody may work in a lab, with no kernel busy and nothing running in a terminal, before "
        "its server is stopped; null for ever. Volumes stay.",
    )
    quota: Bytes | None = option(
        None,
        "How much a person's own volumes should hold together: their page tells, and warns above it. "
        "Nothing is refused; null for no figure.",
    )
    notebook_dir: LabPath = option(
        "/home/lab/workspace", "Where JupyterLab opens.", env="DOCKER_NOTEBOOK_DIR"
    )
    environment: Variables = option(
        dict,
        "Environment of every lab. Not for secrets.",
        env=("TF_CPP_MIN_LOG_LEVEL", "TENSORBOARD_LOGDIR", "MLFLOW_TRACKING_URI", "MLFLOW_WORKERS"),
    )
    start_timeout: Seconds = option("120s", "How long a start may take, pulling not counted.")
    host_reserve: BytesOrZero = option(
        "256M", "Memory the host has to have available for a start; 0 starts whatever it has."
    )
    pull_timeout: Seconds = option("30m", "How long pulling an image may take.")
    stop_grace: Seconds = option("10s", "How long a lab may take to end before it is killed.")
    services: Services = option(Services, "Web tools inside every lab.")
    hardening: HardeningSettings = option(HardeningSettings, "What a lab may not do.")

    @model_validator(mode="after")
    def _consistent(self) -> Labs:
        names = [profile.name for profile in self.profiles]
        if found := list(clashes.given_twice("labs.profiles", "name", names)):
            raise Disagreement(found)
        return self


class Gpu(Section):
    """The GPUs of this machine that labs may have."""

    devices: list[Device] = option(
        list, "Ids of the GPUs to hand out: UUIDs as nvidia-smi -L lists them, or CDI names."
    )


class Network(Section):
    """The network each person's labs share."""

    block: PrivateBlock = option(
        "10.177.0.0/16",
        "Private block the users' subnets are carved from; its last address is the hub's.",
    )
    prefix: Whole = option(28, "Size of one user's subnet as a prefix length.", ge=16, le=29)
    internet: Flag = option(True, "Whether labs reach addresses beyond this host.")
    firewall: Flag = option(
        True,
        "Keep labs from every service of this host but the hub's API, and from metadata addresses.",
    )

    @model_validator(mode="after")
    def _fits(self) -> Network:
        if self.prefix <= self.block.prefixlen:
            clash = f"network.prefix is {self.prefix}; it must be longer than that of network.block"
            raise Disagreement([(("network.prefix", "network.block"), f"{clash}, {self.block}")])
        if not self.internet and not self.firewall:
            clash = "network.internet is false, which only network.firewall can see to"
            raise Disagreement([(("network.internet", "network.firewall"), clash)])
        return self


class Settings(Section):
    """All settings of one installation."""

    installation: Key = option(
        "labyard",
        "Name of this installation on its engine; two on one engine need two names.",
        env="HUB_NAME",
    )
    naming: Scheme = option(
        Scheme.LABYARD, "Naming scheme of containers and volumes; stellars adopts existing volumes."
    )
    data_dir: HostPath = option(
        "var", "Where state is kept; relative to the settings file.", min_length=1
    )
    base_url: BaseUrl = option("/", "Path under which everything lives.", env="JUPYTERHUB_BASE_URL")
    external_url: WebAddress = option(
        "",
        "Address people type, when it differs from the edge's own.",
        env="JUPYTERHUB_EXTERNAL_URL",
    )
    site: Site = option(Site, "How the place presents itself.")
    edge: Edge = option(Edge, "The front door.")
    hub: Hub = option(Hub, "The hub's own process.")
    engine: EngineSettings = option(EngineSettings, "What runs the labs.")
    labs: Labs = option(Labs, "What a lab is made of and may use.")
    gpu: Gpu = option(Gpu, "The GPUs of this machine that labs may have.")
    groups: list[GroupSettings] = option(
        list, "What members of a group may have; a policy given here cannot be changed on a page."
    )
    network: Network = option(Network, "The network each person's labs share.")
    volumes: list[VolumeSettings] = option(default_volumes, "What of a lab outlives it.")
    storage: Storage = option(Storage, "What groups may be granted besides volumes.")
    uploads: Uploads = option(Uploads, "Files that people send into their volumes.")
    auth: Auth = option(Auth, "Who may come in.")
    audit: AuditSettings = option(AuditSettings, "The record of who did what.")

    @model_validator(mode="after")
    def _agree(self) -> Settings:
        ports = {
            "edge.port": self.edge.port,
            "hub.port": self.hub.port,
            "hub.service_port": self.hub.service_port,
        }
        found = [
            *clashes.shared_ports(ports),
            *clashes.given_twice("volumes", "name", [volume.name for volume in self.volumes]),
            *clashes.given_twice("volumes", "target", [volume.target for volume in self.volumes]),
            *clashes.given_twice(
                "storage.servers", "address", [server.address for server in self.storage.servers]
            ),
            *clashes.given_twice("gpu.devices", "id", self.gpu.devices),
            *clashes.given_twice("groups", "name", [group.name for group in self.groups]),
            *clashes.unknown_profiles(self.groups, self.labs.profiles),
            *clashes.borrowed_names(self.installation, self.naming),
            *clashes.elsewhere(self.external_url, self.base_url),
            *clashes.trusted_labs(self.edge.trusted_proxies, self.network.block),
            *clashes.unproxied(
                self.auth.header.name,
                self.edge.trusted_proxies,
                proxy=self.edge.proxy,
                engine=self.engine.kind,
            ),
            *clashes.nameless(self.external_url, subdomains=self.edge.subdomains),
        ]
        if found:
            raise Disagreement(found)
        return self

    @property
    def public_url(self) -> str:
        """Return the address people type, base path included; empty when it is the edge's own."""
        url = urlsplit(self.external_url)
        return f"{url.scheme}://{url.netloc}{self.base_url}" if url.netloc else ""
