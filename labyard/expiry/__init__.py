"""When servers end by themselves, and what their owners are told beforehand."""
