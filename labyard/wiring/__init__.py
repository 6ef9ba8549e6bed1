"""The only place that builds objects and hands them to each other."""

from labyard.wiring.ground import (
    bootstrap_secret,
    build_image,
    choose,
    edge_running,
    prepare_database,
    prepare_labs,
    prepare_network,
    start_edge,
    stop_edge,
)
from labyard.wiring.installation import Choices, Installation
from labyard.wiring.processes import configure, configured, run_hub, run_service

__all__ = [
    "Choices",
    "Installation",
    "bootstrap_secret",
    "build_image",
    "choose",
    "configure",
    "configured",
    "edge_running",
    "prepare_database",
    "prepare_labs",
    "prepare_network",
    "run_hub",
    "run_service",
    "start_edge",
    "stop_edge",
]
