"""SSH: the public keys that people keep here."""
