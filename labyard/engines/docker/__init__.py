"""Labs as containers, on Docker or Podman."""
