"""The front door: JupyterHub's proxy."""
