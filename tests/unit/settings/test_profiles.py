"""Profiles and GPUs in the settings file: what is wrong is told with its place."""

import pytest

from tests.unit.settings.conftest import Site


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "labs: {profiles: [{name: a, title: A}, {name: a, title: B}]}",
            "labs.profiles: the name a is given 2 times",
        ),
        (
            "labs: {profiles: [{name: a, title: A, lock: {cpu: 1}, default: {cpu: 2}}]}",
            "the profile a locks cpu and offers it too",
        ),
        ("labs: {profiles: [{name: a, title: A, lock: {cpu: many}}]}", "labs.profiles[0].lock.cpu"),
        (
            "labs: {profiles: [{name: a, title: A, lock: {root: true}}]}",
            "labs.profiles[0].lock.root: there is no such setting",
        ),
        (
            "labs: {profiles: [{name: a, title: A, default: {environment: {PATH: /x}}}]}",
            "must leave 'PATH' alone",
        ),
        ("labs: {profiles: [{name: A B, title: A}]}", "1 to 40 lower-case letters"),
        ("labs: {profiles: [{name: a, title: A, offer: [root]}]}", "labs.profiles[0].offer"),
        ("gpu: {devices: ['0']}", "a GPU's UUID"),
        ("gpu: {devices: [GPU-a, GPU-a]}", "gpu.devices: the id GPU-a is given 2 times"),
    ],
)
def test_each_is_told(text: str, said: str, site: Site) -> None:
    assert said in "\n".join(site.problems(text))


def test_a_good_one_is_read(site: Site) -> None:
    settings = site.load(
        """
        labs:
          profiles:
            - name: small
              title: Small
              default: {cpu: 0.5, memory: 1G, environment: {A: "1"}, gpus: all}
        """
    ).settings
    (profile,) = settings.labs.profiles
    assert profile.default.memory == 2**30
    assert profile.offer is None
