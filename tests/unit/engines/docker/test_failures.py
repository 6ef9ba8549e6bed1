"""Texts are engines' own, as Docker 20.10, 26.1 and Podman 4.3 word them."""

import pytest

from labyard.core.errors import Busy, EngineError, EngineUnreachable, NotFound
from labyard.engines.docker.failures import NameTaken, NoImage, SubnetTaken, explain


@pytest.mark.parametrize(
    ("status", "text", "kind", "says"),
    [
        (403, "Pool overlaps with other one on this address space", SubnetTaken, "subnet"),
        (
            500,
            "subnet 10.0.0.0/28 is already used on the host or by another config",
            SubnetTaken,
            "subnet",
        ),
        (
            409,
            'Conflict. The container name "/x" is already in use by container "1ed". You have to '
            "remove (or rename) that container to be able to reuse that name.",
            NameTaken,
            "name is taken",
        ),
        (
            500,
            'container create: creating container storage: the container name "x" is already in '
            "use by 3fdb. You have to remove that container to be able to reuse that name: that "
            "name is already in use",
            NameTaken,
            "name is taken",
        ),
        (409, "network with name x already exists", NameTaken, "name is taken"),
        (500, "network name x already used: network already exists", NameTaken, "name is taken"),
        (404, "No such image: a/b:latest", NoImage, "no such image"),
        (404, "no such image: docker.io/nope/nope:1: image not known", NoImage, "no such image"),
        (404, "manifest for a/b:c not found: manifest unknown", NoImage, "no such image"),
        (
            404,
            "pull access denied for a/b, repository does not exist or may require 'docker login'",
            NoImage,
            "no such image",
        ),
        (409, "remove x: volume is in use - [1ed40aa]", Busy, "volume is in use"),
        (
            409,
            "volume x is being used by the following container(s): 89e6: volume is being used",
            Busy,
            "volume is in use",
        ),
        (
            500,
            "write /var/lib/docker/tmp/x: no space left on device",
            EngineError,
            "disk is full",
        ),
        (400, "Minimum memory limit allowed is 6MB", EngineError, "limit is not possible"),
        (
            400,
            "Range of CPUs is from 0.01 to 2.00, as there are only 2 CPUs available",
            EngineError,
            "limit is not possible",
        ),
        (
            400,
            'invalid mount config for type "bind": bind source path does not exist: /nope',
            EngineError,
            "mount is not possible",
        ),
        (
            400,
            "OCI runtime create failed: container_linux.go:380: starting container process caused: "
            'exec: "nope": executable file not found in $PATH: unknown',
            EngineError,
            "could not be started",
        ),
        (403, "Address already in use", EngineError, "address or port"),
        (
            500,
            'Get "https://registry/v2/": dial tcp: lookup registry: no such host',
            EngineError,
            "registry",
        ),
        (404, "No such container: x", NotFound, "no such thing"),
        (404, "network x not found", NotFound, "no such thing"),
        (400, "something else", EngineError, "refused"),
    ],
)
def test_what_an_engine_says_becomes_a_sentence_and_a_remedy(
    status: int, text: str, kind: type[Exception], says: str
) -> None:
    error = explain(status, text, doing="creating the lab", url="unix:///x")
    assert type(error) is kind
    assert says in error.message
    assert "creating the lab" in error.message
    assert error.remedy or kind is NotFound
    assert not isinstance(error, EngineUnreachable)


@pytest.mark.parametrize("status", [500, 502, 503, 900])
def test_an_engine_that_blames_itself_is_unreachable(status: int) -> None:
    error = explain(status, "panic", doing="listing labs", url="unix:///x")
    assert isinstance(error, EngineUnreachable)
    assert "unix:///x" in error.message


def test_an_engines_essay_is_cut() -> None:
    assert len(explain(400, "x " * 5000, doing="d", url="u").message) < 400
