"""What migrating sites' environment names mean here.

The names that set something are declared with their setting in ``schema.py``; here are the words of
theirs that differ from ours, and the names that are known and do nothing yet, with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

_OFF = frozenset({"0", "false", "no", "off"})
_ON = frozenset({"1", "true", "yes", "on"})


def _switch(value: str) -> bool:
    word = value.strip().lower()
    if word not in _ON | _OFF:
        raise ValueError("must be 0 or 1")
    return word in _ON


def _engine(value: str) -> str:
    # ML Hub's "local" is Docker on this machine. Ours would have no isolation: never by accident.
    word = value.strip().lower()
    if word == "k8s":
        raise ValueError("must be docker or local; Kubernetes is not supported yet")
    if word not in {"docker", "local"}:
        raise ValueError("must be docker or local, which both mean Docker on this machine")
    return "docker"


def _log_level(value: str) -> str:
    word = value.strip().upper()
    numbers = {"10": "DEBUG", "20": "INFO", "30": "WARNING", "40": "ERROR"}
    names = {"WARN": "WARNING", "CRITICAL": "ERROR"}
    return numbers.get(word) or names.get(word) or word


def _variable(name: str) -> Callable[[str], dict[str, str]]:
    return lambda value: {name: value}


# Environment name → what its value is in the setting's own words; may raise ValueError("must be …").
TRANSLATIONS: Mapping[str, Callable[[str], Any]] = {
    "HUB_NAME": lambda value: value.strip().lower(),
    "EXECUTION_MODE": _engine,
    "JUPYTERHUB_LOG_LEVEL": _log_level,
    "ENABLE_SERVICE_MLFLOW": _switch,
    "ENABLE_SERVICE_TENSORBOARD": _switch,
    "ENABLE_SERVICE_GLANCES": _switch,
    **{
        name: _variable(name)
        for name in (
            *("TF_CPP_MIN_LOG_LEVEL", "TENSORBOARD_LOGDIR"),
            *("MLFLOW_TRACKING_URI", "MLFLOW_WORKERS"),
        )
    },
}


@dataclass(frozen=True, slots=True)
class Unsupported:
    """A name that does nothing here. A value in ``agrees`` asks for what happens anyway."""

    reason: str
    agrees: frozenset[str] = _OFF


_GPU = "labs get the GPUs that gpu.devices names"
_TLS = "TLS is not supported yet: the edge speaks plain HTTP; keep it on loopback or behind a TLS proxy"
_SSH = "SSH into labs is not supported yet"
_NEVER = frozenset[str]()

UNSUPPORTED: Mapping[str, Unsupported] = {
    "DOCKER_NETWORK_NAME": Unsupported(
        "every person has a network of their own; network.block says where from", _NEVER
    ),
    "ENABLE_GPU_SUPPORT": Unsupported(_GPU),
    "ENABLE_GPUSTAT": Unsupported(_GPU),
    "NVIDIA_AUTODETECT_IMAGE": Unsupported(_GPU, _NEVER),
    "NVIDIA_DETECTED": Unsupported(_GPU),
    "ENABLE_JUPYTERHUB_SSL": Unsupported(_TLS),
    "SSL_ENABLED": Unsupported(_TLS),
    "MLFLOW_HOST": Unsupported(
        "MLflow listens inside the lab only, behind the hub's sign-in",
        frozenset({"127.0.0.1", "localhost"}),
    ),
    "MLFLOW_PORT": Unsupported(
        "MLflow listens inside the lab only, behind the hub's sign-in", _NEVER
    ),
    "JUPYTERHUB_CRYPT_KEY": Unsupported(
        "what sign-in keeps is encrypted with a key made from the hub's cookie secret", _NEVER
    ),
    "HUB_IP": Unsupported("the hub's address for labs is the last one of network.block", _NEVER),
    "CLEANUP_INTERVAL_SECONDS": Unsupported(
        "what is due ends by itself; labs.max_days and labs.idle_timeout say when",
        frozenset({"-1"}),
    ),
    "DYNAMIC_WHITELIST_ENABLED": Unsupported(
        "auth.allow_list names the file of those who may come in"
    ),
    "START_SSH": Unsupported(_SSH),
    "START_NGINX": Unsupported("the edge is set by edge.proxy", _ON),
    "START_JHUB": Unsupported("`labyard up` always starts the hub", _ON),
    "START_CHP": Unsupported("the edge is set by edge.proxy", _NEVER),
}

_FAMILY = "ENABLE_SERVICE_"


def warnings(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return a sentence for each name in ``environ`` that a site may believe in and does nothing."""
    return tuple(
        f"{name} does nothing: {reason}."
        for name, value in sorted(environ.items())
        if (reason := _unheard(name, value.strip().lower()))
    )


def _unheard(name: str, value: str) -> str:
    if not value:
        return ""
    if known := UNSUPPORTED.get(name):
        return "" if value in known.agrees else known.reason
    if name.startswith(_FAMILY) and name not in TRANSLATIONS:
        services = [each for each in TRANSLATIONS if each.startswith(_FAMILY)]
        return f"there is only {', '.join(services)}"
    return ""
