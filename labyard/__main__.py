"""``python -m labyard hub`` and ``python -m labyard service``: the two long-running processes."""

from __future__ import annotations

import sys

from labyard.core.errors import LabyardError


def main(arguments: list[str]) -> int:
    """Run the process named by the first argument and return its exit code."""
    from labyard import wiring  # noqa: PLC0415  so that a mistyped name answers at once

    processes = {"hub": wiring.run_hub, "service": wiring.run_service}
    if len(arguments) != 1 or arguments[0] not in processes:
        print("usage: python -m labyard hub|service", file=sys.stderr)
        return 2
    try:
        processes[arguments[0]]()
    except LabyardError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
