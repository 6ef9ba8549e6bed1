"""Texts are engines' own, as Docker 20.10, 26.1 and Podman 4.3 word them."""

import pytest

from labyard.core.errors import Busy, EngineError, EngineUnreachable, NotFound
from labyard.engines.docker.failures import NameTaken, NoImage, SubnetTaken, explain

IN_USE = (
    'Conflict. The container name "/x" is already in use by container "1ed". You have to remove (or '
    "rename) that container to be able to reuse that name."
)
IN_USE_PODMAN = (
    'container create: creating container storage: the container name "x" is already in use by 3fdb. '
    "You have to remove that container to be able to reuse that name: that name is already in use"
)
DENIED = "pull access denied for a/b, repository does not exist or may require 'docker login'"
NO_BIND = 'invalid mount config for type "bind": bind source path does not exist: /nope'
RUNC = "OCI runtime create failed: container_linux.go:380: starting container process caused: "


@pytest.mark.parametrize(
    ("status", "text", "kind", "code"),
    [
        (403, "Pool overlaps with other one on this address space", SubnetTaken, "subnet-taken"),
        (500, "subnet 10.0.0.0/28 is already used on the host", SubnetTaken, "subnet-taken"),
        (409, IN_USE, NameTaken, "name-taken"),
        (500, IN_USE_PODMAN, NameTaken, "name-taken"),
        (409, "network with name x already exists", NameTaken, "name-taken"),
        (500, "network name x already used: network already exists", NameTaken, "name-taken"),
        (404, "No such image: a/b:latest", NoImage, "no-image"),
        (404, "no such image: docker.io/nope/nope:1: image not known", NoImage, "no-image"),
        (404, "manifest for a/b:c not found: manifest unknown", NoImage, "no-image"),
        (404, DENIED, NoImage, "no-image"),
        (
            500,
            'Get "https://registry/v2/": dial tcp: lookup registry: no such host',
            EngineError,
            "registry-unreachable",
        ),
        (
            0,
            'Get "http://127.0.0.1:1/v2/": dial tcp 127.0.0.1:1: connect: connection refused',
            EngineError,
            "registry-unreachable",
        ),
        (
            500,
            "toomanyrequests: You have reached your pull rate limit",
            EngineError,
            "registry-refused",
        ),
        (
            500,
            "unauthorized: authentication required",
            EngineError,
            "registry-refused",
        ),
        (
            0,
            "no matching manifest for linux/amd64 in the manifest list entries",
            EngineError,
            "wrong-architecture",
        ),
        (400, RUNC + "exec format error: unknown", EngineError, "wrong-architecture"),
        (
            400,
            RUNC + 'exec: "nope": executable file not found in $PATH: unknown',
            EngineError,
            "no-singleuser",
        ),
        (500, RUNC + "something else", EngineError, "program-failed"),
        (
            500,
            RUNC + "container init was OOM-killed (memory limit too low?): unknown",
            EngineError,
            "out-of-memory",
        ),
        (
            500,
            "failed to start shim: fork/exec /usr/bin/containerd-shim: cannot allocate memory",
            EngineError,
            "host-memory",
        ),
        (500, "write /var/lib/docker/tmp/x: no space left on device", EngineError, "disk-full"),
        (400, "Minimum memory limit allowed is 6MB", EngineError, "limit-impossible"),
        (
            400,
            "Range of CPUs is from 0.01 to 2.00, as there are only 2 CPUs available",
            EngineError,
            "limit-above-host",
        ),
        (400, NO_BIND, EngineError, "mount-impossible"),
        (
            500,
            'could not select device driver "nvidia" with capabilities: [[gpu]]',
            EngineError,
            "no-gpu",
        ),
        (
            500,
            RUNC + "exec hook: nvidia-container-cli: initialization error: nvml error: driver not "
            "loaded: unknown",
            EngineError,
            "no-gpu",
        ),
        (500, "unresolvable CDI devices nvidia.com/gpu=0", EngineError, "no-gpu"),
        (
            500,
            "could not find an available, non-overlapping IPv4 address pool among the defaults",
            EngineError,
            "no-address",
        ),
        (409, "remove x: volume is in use - [1ed40aa]", Busy, "busy"),
        (409, "volume x is being used by the following container(s): 89e6", Busy, "busy"),
        (403, "Address already in use", EngineError, "engine"),
        (404, "No such container: x", NotFound, "not-found"),
        (404, "network x not found", NotFound, "not-found"),
        (400, "something else", EngineError, "engine"),
    ],
)
def test_what_an_engine_says_becomes_a_cause_and_a_remedy(
    status: int, text: str, kind: type[Exception], code: str
) -> None:
    error = explain(status, text, doing="creating the lab", url="unix:///x")
    assert type(error) is kind
    assert error.code == code
    assert "creating the lab" in error.message.lower()
    assert text[:20] in error.message, "the engine's own words are kept"
    assert error.remedy or kind is NotFound


@pytest.mark.parametrize("status", [500, 502, 503, 900])
def test_an_engine_that_blames_itself_is_unreachable(status: int) -> None:
    error = explain(status, "panic", doing="listing labs", url="unix:///x")
    assert isinstance(error, EngineUnreachable)
    assert error.code == "engine-unreachable"
    assert "unix:///x" in error.message


def test_an_engines_essay_is_cut() -> None:
    assert len(explain(400, "x " * 5000, doing="d", url="u").message) < 400
