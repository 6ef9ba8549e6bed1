"""Writes ``docs/reference/openapi.json``: ``python -m labyard.cli.openapi``."""

from __future__ import annotations

import click

from labyard.wiring.openapi import written

if __name__ == "__main__":
    click.echo(written(), nl=False)
