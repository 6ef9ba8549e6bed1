"""Labyard, a JupyterHub distribution that gives every person of a team their own JupyterLab."""

__version__ = "0.1.0"
