"""Labs as processes of this machine, without isolation."""
