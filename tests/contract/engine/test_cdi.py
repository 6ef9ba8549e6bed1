"""A device by its CDI name, on an engine that knows CDI; collected only where one is asked for."""

from __future__ import annotations

from tests.contract.engine.places import Place, ask, running
from tests.tools.newer_docker import CDI_DEVICE, CDI_VARIABLE


async def test_a_cdi_device_is_in_the_lab(takes_cdi: Place) -> None:
    lab = await running(takes_cdi.engine(), takes_cdi.plan(gpus=(CDI_DEVICE,)))
    assert (await ask(lab, "environ"))[CDI_VARIABLE] == "zero"
    (request,) = (await takes_cdi.inspect(lab.name))["HostConfig"]["DeviceRequests"]
    assert request["DeviceIDs"] == [CDI_DEVICE]
