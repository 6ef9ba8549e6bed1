"""Pages and REST, as a managed service of the hub."""
