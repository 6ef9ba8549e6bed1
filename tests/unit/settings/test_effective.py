"""What a site's own file made of the settings for labs."""

from traitlets.config import Config

from labyard.settings.effective import effective, with_effective
from labyard.settings.schema import Settings


def test_what_the_sites_file_says_holds() -> None:
    config = Config()
    config.Spawner.mem_limit = "768M"
    config.Spawner.cpu_limit = 1
    config.LabSpawner.cpu_limit = 0.5
    config.LabSpawner.image = "site:1"
    found = effective(Settings(), config)
    assert (found.image, found.cpu, found.memory) == ("site:1", 0.5, 768 * 2**20)
    labs = with_effective(Settings(), found).labs
    assert (labs.image, labs.cpu, labs.memory) == ("site:1", 0.5, 768 * 2**20)


def test_what_it_leaves_alone_and_what_is_no_plain_value_stays() -> None:
    config = Config()
    config.Spawner.mem_limit = "lots"
    config.Spawner.cpu_limit = print
    labs = Settings().labs
    found = effective(Settings(), config)
    assert (found.image, found.cpu, found.memory) == (labs.image, labs.cpu, labs.memory)


def test_no_limit_is_one_too() -> None:
    config = Config()
    config.LabSpawner.mem_limit = None
    assert effective(Settings(), config).memory is None
