"""Who has which GPU: one's own by name, others' by number alone."""

from __future__ import annotations

from dataclasses import replace

from labyard.core.errors import EngineUnreachable
from labyard.core.models import Lab, LabStatus
from labyard.core.names import GPUS, USER_ID
from labyard.options.limits import Limits
from labyard.web.sampler import Snapshot
from labyard.web.view.gpus import view_gpus
from tests.unit.web.conftest import ANNA, lab

DEVICES = (
    "GPU-0a1b2c3d-4e5f-6071",
    "GPU-1a1b2c3d-4e5f-6071",
    "vendor.com/gpu=2",
    "vendor.com/gpu=3",
)
LIMITS = Limits(images=("x",), gpus=2, devices=DEVICES)


def holding(*gpus: str, user: str = "7", status: LabStatus = LabStatus.RUNNING) -> Lab:
    made = lab(status=status)
    return replace(made, labels={**made.labels, USER_ID: user, GPUS: ",".join(gpus)})


def test_ones_own_are_named_and_others_are_counted(snapshot: Snapshot) -> None:
    labs = {
        ("7", ""): holding(DEVICES[1]),
        ("8", ""): holding(DEVICES[2], user="8"),
        ("9", ""): holding(DEVICES[3], user="9", status=LabStatus.STOPPED),
        ("9", "x"): holding("GPU-of-another-place", user="9"),
    }
    drawn = view_gpus(ANNA, replace(snapshot, labs=labs), LIMITS)
    assert drawn is not None
    assert drawn.mine == ("GPU 1 (GPU-1a1b2c3d…)",)
    assert (drawn.used, drawn.free, drawn.of) == (1, 2, 4)
    assert drawn.words == "4 GPUs: 1 yours, 1 used, 2 free"


def test_nothing_is_said_to_who_gets_none_or_where_it_is_not_known(snapshot: Snapshot) -> None:
    assert view_gpus(ANNA, snapshot, LIMITS.model_copy(update={"gpus": 0})) is None
    away = replace(snapshot, error=EngineUnreachable("away"))
    assert view_gpus(ANNA, away, LIMITS) is None
