"""A site's settings: the document, ``conf.d`` beside it, the environment; validated as a whole.

Later ones lie on top: ``labyard.yaml``, then ``conf.d/*.yaml`` in the order of their names, then the
environment. Everything that is wrong is told at once.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from labyard.core.errors import SettingsError
from labyard.settings import compat, document, environment
from labyard.settings.declared import ITEM, groups, options
from labyard.settings.layers import Layer, Loc, dotted, merge
from labyard.settings.problems import explain
from labyard.settings.schema import Settings

DEFAULT_FILE = "labyard.yaml"
DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings that are good, and where they come from.

    ``path`` is the settings file, which need not exist; ``data_dir`` is absolute. ``sources`` says for
    each setting's path ``default``, ``<file>:<line>`` or the name of an environment variable.
    ``warnings`` are sentences about what a site may believe in and does nothing, or hurts.
    """

    settings: Settings
    path: Path
    data_dir: Path
    sources: Mapping[str, str]
    warnings: tuple[str, ...]


def load(path: Path | None = None, environ: Mapping[str, str] | None = None) -> Loaded:
    """Return the settings in ``path`` and ``environ``.

    Without ``path`` it is the file that ``LABYARD_CONFIG`` names, else ``labyard.yaml`` in the working
    directory; without ``environ`` it is this process's.

    Raises
    ------
    SettingsError
        With one line for each thing that is wrong.
    """
    environ = os.environ if environ is None else environ
    path = (path or Path(environ.get(environment.CONFIG) or DEFAULT_FILE)).absolute()
    layer = merge(
        [*_files(path), environment.read(environ)], frozenset(group.path for group in groups())
    )
    settings, problems = validate(layer)
    problems = [*layer.problems, *problems]
    if settings is None or problems:
        raise SettingsError("\n".join(problems))
    return Loaded(
        settings=settings,
        path=path,
        data_dir=beside(path, settings.data_dir),
        sources=_sources(layer),
        warnings=(*_file_warnings(path), *compat.warnings(environ), *_doubts(settings, path)),
    )


def beside(settings_file: Path, written: str) -> Path:
    """Return the absolute path that ``written`` in ``settings_file`` means."""
    return (settings_file.parent / Path(written).expanduser()).resolve()


def validate(layer: Layer) -> tuple[Settings | None, list[str]]:
    """Return the settings that ``layer`` makes, or None and every problem.

    What is wrong is taken out and the rest checked again, so that settings which do not go together
    are told of beside those that are wrong by themselves.
    """
    values = deepcopy(layer.values)
    problems: dict[str, None] = {}
    while True:
        try:
            settings = Settings.model_validate(values)
        except ValidationError as error:
            found = list(explain(error, layer))
        else:
            return (None if problems else settings), list(problems)
        problems |= dict.fromkeys(sentence for _, sentence in found)
        if not _without(values, [loc for loc, _ in found]):
            return None, list(problems)


def _without(values: dict[str, Any], locs: list[Loc]) -> bool:
    """Take what is at ``locs`` out of ``values``, whole items of lists; return whether all was."""
    for loc in sorted(set(map(_item, locs)), key=_order, reverse=True):
        if not loc:
            return False
        inner: Any = values
        for part in loc[:-1]:
            inner = inner[part]
        del inner[loc[-1]]
    return True


def _item(loc: Loc) -> Loc:
    index = next((i for i, part in enumerate(loc) if isinstance(part, int)), len(loc))
    return loc[: index + 1]


def _order(loc: Loc) -> list[tuple[int, str]]:
    return [(part, "") if isinstance(part, int) else (-1, part) for part in loc]


def _files(path: Path) -> Iterator[Layer]:
    yield document.read(path, path.name)
    for extra in sorted((path.parent / "conf.d").glob("*.yaml")):
        yield document.read(extra, f"conf.d/{extra.name}")


def _sources(layer: Layer) -> dict[str, str]:
    places = {dotted(loc): place for loc, place in layer.origins.items()}
    sources = {}
    for option in (option for option in options() if ITEM not in option.path):
        # A mapping is made of what several places say: each of its keys has a source too.
        keys = {at: place for at, place in places.items() if at.startswith(f"{option.path}.")}
        sources[option.path] = ", ".join(dict.fromkeys(keys.values())) or places.get(
            option.path, DEFAULT
        )
        sources |= keys
    return sources


def _file_warnings(path: Path) -> Iterator[str]:
    if path.name != DEFAULT_FILE and not path.exists():
        yield f"{path} does not exist: every setting has its default."
    for stray in sorted((path.parent / "conf.d").glob("*.yml")):
        yield f"conf.d/{stray.name} does nothing: only names that end in .yaml are read."


def _doubts(settings: Settings, path: Path) -> Iterator[str]:
    if settings.site.logo and not beside(path, settings.site.logo).is_file():
        yield f"site.logo is {settings.site.logo}, which is no file here: pages show no picture."
    notebooks = settings.labs.notebook_dir
    if not any(notebooks.is_relative_to(volume.target) for volume in settings.volumes):
        yield f"labs.notebook_dir is {notebooks}, which is on no volume: work there goes with the lab."
