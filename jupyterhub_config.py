"""JupyterHub's configuration: Labyard's settings, then the site's own files, which win."""

from pathlib import Path

from labyard.wiring import configure, configured

settings_file = configure(c)

for site_file in sorted((settings_file.parent / "jupyterhub_config.d").glob("*.py")):
    load_subconfig(str(Path(site_file).resolve()))

configured(c)
