"""Puts off compiling the grammar of internationalised addresses until somebody checks one.

``rfc3987_syntax`` compiles 38 parsers when it is imported, which takes 1.6 s of every start of the hub
and of a lab: ``jsonschema`` imports it for the formats ``iri`` and ``iri-reference``, which next to no
schema uses. The checks stay: the first one loads the real module.

This file serves hub and labs; it must not import anything of Labyard.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from types import ModuleType
from typing import Any

NAME = "rfc3987_syntax"


class LazyModule(ModuleType):
    """Stands in for the real module, and gives way to it at the first use."""

    def is_valid_syntax(self, term: str, value: str) -> bool:
        """Return whether ``value`` is a valid ``term``; loads the real module."""
        return bool(real().is_valid_syntax(term, value))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(real(), name)


def install() -> None:
    """Stand in for the module, unless it is loaded already or not there at all."""
    if NAME in sys.modules:
        return
    spec = importlib.util.find_spec(NAME)
    if spec is None:
        return
    module = LazyModule(NAME)
    module.__spec__ = spec
    sys.modules[NAME] = module


def real() -> ModuleType:
    """Return the real module."""
    if isinstance(sys.modules.get(NAME), LazyModule):
        del sys.modules[NAME]
    return importlib.import_module(NAME)
