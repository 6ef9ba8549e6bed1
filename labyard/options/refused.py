"""Choices that cannot be accepted, told by field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from labyard.core.errors import Refused
from labyard.options.declaration import LABELS


class OptionsRefused(Refused):
    """Choices were refused. ``fields`` says of each why, and what to do, for use beside the field."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        super().__init__(" ".join(f"{called(field)}: {why}" for field, why in fields.items()))
        self.fields = dict(fields)

    def as_json(self) -> dict[str, Any]:
        """Return the body of a REST answer, with the fields."""
        return {**super().as_json(), "fields": self.fields}


def called(field: str) -> str:
    """Return a field's label, and its name where the two differ."""
    label = LABELS.get(field, field)
    return label if label.lower() == field else f"{label} ({field})"
