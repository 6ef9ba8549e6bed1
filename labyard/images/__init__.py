"""How the lab image is made."""
