"""Puts off compiling the grammar of internationalised addresses until somebody checks one.

``rfc3987_syntax`` compiles 38 parsers when it is imported, which takes 1.6 s of every start of the hub
and of a lab: ``jsonschema`` imports it for the formats ``iri`` and ``iri-reference``, which next to no
schema uses. The checks stay: the first one runs the module.

This file serves hub and labs; it must not import anything of Labyard.
"""

from __future__ import annotations

import importlib.util
import sys
import threading
from importlib.abc import Loader
from types import ModuleType
from typing import Any

NAME = "rfc3987_syntax"


def install() -> None:
    """Import the module without running it, unless it is imported already or not there at all."""
    if NAME in sys.modules:
        return
    spec = importlib.util.find_spec(NAME)
    if spec is None or spec.loader is None:
        return
    module = importlib.util.module_from_spec(spec)
    deferred = _Deferred(module, spec.loader)
    # What jsonschema takes by name. Running the module puts its own functions in these places.
    vars(module).update(is_valid_syntax=deferred.is_valid_syntax, __getattr__=deferred.attribute)
    sys.modules[NAME] = module


class _Deferred:
    """The rest of an import. Runs once, whichever thread asks first."""

    def __init__(self, module: ModuleType, loader: Loader) -> None:
        self._module = module
        self._loader = loader
        self._lock = threading.RLock()
        self._running = False

    def is_valid_syntax(self, term: str, value: str) -> bool:
        """Return whether ``value`` is a valid ``term`` of the grammar."""
        self._run()
        return bool(self._module.is_valid_syntax(term, value))

    def attribute(self, name: str) -> Any:
        """Find what the module has once it has run; ``__names__`` are asked for by anybody."""
        with self._lock:
            if name.startswith("__") or self._running:
                raise AttributeError(f"module {NAME!r} has no attribute {name!r}")
            self._run()
        return getattr(self._module, name)

    def _run(self) -> None:
        with self._lock:
            if "__getattr__" not in vars(self._module):
                return
            self._running = True
            try:
                self._loader.exec_module(self._module)
            finally:
                self._running = False
            del vars(self._module)["__getattr__"]
