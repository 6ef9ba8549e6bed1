"""Limits of a site with everything switched on."""

import pytest

from labyard.core.models import EngineInfo
from labyard.options.limits import Limits
from labyard.options.offer import offer
from labyard.settings.schema import Settings

SITE = {
    "labs": {
        "gpus": 2,
        "max_days": 30,
        "profiles": [
            {"name": "usual", "title": "Usual"},
            {
                "name": "course",
                "title": "Course",
                "lock": {"cpu": 1, "environment": {"COURSE": "1", "MODE": "exam"}},
                "default": {"memory": "1G"},
                "offer": ["days"],
            },
            {"name": "exam", "title": "Exam", "lock": {"cpu": 1}},
            {
                "name": "big",
                "title": "Big",
                "default": {"cpu": 8, "memory": "64G", "gpus": "all", "environment": {"A": "0"}},
            },
        ],
    },
    "gpu": {"devices": ["GPU-a", "GPU-b", "GPU-c"]},
}


@pytest.fixture
def limits() -> Limits:
    return offer(
        Settings.model_validate(SITE),
        image="lab:1",
        images=["lab:2"],
        cpu=1.0,
        max_cpu=2.0,
        memory=4 * 2**30,
        max_memory=None,
        host=EngineInfo("docker", "1", True, cores=16, memory=128 * 2**30),
        lacks={},
    )
