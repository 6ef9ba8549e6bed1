"""Which lab has which GPU."""
