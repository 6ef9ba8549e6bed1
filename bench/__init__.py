"""Labyard and vanilla JupyterHub side by side on this machine: ``python -m bench``."""
