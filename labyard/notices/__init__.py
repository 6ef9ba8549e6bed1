"""Short words from the platform, shown inside JupyterLab."""
