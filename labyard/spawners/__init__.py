"""How the hub starts a lab."""
