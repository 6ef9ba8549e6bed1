"""When servers end by themselves."""
