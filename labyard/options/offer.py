"""What may be chosen for a server. Pure: from settings, the site's last word and the machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from labyard.core.models import EngineInfo
from labyard.options.declaration import Options
from labyard.options.limits import Limits
from labyard.settings.schema import Settings


def usual_offer(settings: Settings) -> Limits:
    """Return the limits as far as settings tell them: what a server gets that does not run."""
    labs = settings.labs
    return offer(
        settings,
        image=labs.image,
        images=labs.images,
        cpu=labs.cpu,
        max_cpu=labs.max_cpu,
        memory=labs.memory,
        max_memory=labs.max_memory,
        host=None,
        lacks={},
    )


def offer(
    settings: Settings,
    *,
    image: str,
    images: Sequence[str],
    cpu: float | None,
    max_cpu: float | None,
    memory: int | None,
    max_memory: int | None,
    host: EngineInfo | None,
    lacks: Mapping[str, str],
) -> Limits:
    """Return the limits of one server's choices.

    ``image`` to ``max_memory`` are as the site's own configuration and groups have them, which win over
    the settings; ``host`` is None while the engine does not answer.
    """
    labs = settings.labs
    usual = Options.model_construct(
        image=image, cpu=cpu, memory=memory, shm=labs.shm, days=labs.max_days, mount=True
    )
    return Limits(
        images=tuple(dict.fromkeys([image, *images])),
        custom_images=labs.custom_images,
        cpu=_most(cpu, max_cpu),
        memory=_most(memory, max_memory),
        shm=max(labs.shm, labs.max_shm),
        days=labs.max_days,
        gpus=labs.gpus,
        devices=tuple(settings.gpu.devices),
        host_cpu=host.cores if host else None,
        host_memory=host.memory if host else None,
        usual=usual.model_copy(update=dict.fromkeys(lacks)),
        profiles=tuple(labs.profiles),
        lacks=dict(lacks),
    )


_Amount = TypeVar("_Amount", int, float)


def _most(usual: _Amount | None, most: _Amount | None) -> _Amount | None:
    """Return what may be chosen: never less than what is given without a choice."""
    return usual if usual is None or most is None else max(usual, most)
