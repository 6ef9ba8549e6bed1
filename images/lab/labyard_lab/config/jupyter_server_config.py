"""Defaults of every lab; the person's own ~/.jupyter comes after and wins where it may."""

import os
from pathlib import Path

from jupyter_core.paths import jupyter_data_dir
from labyard_lab import tools

# A withdrawn sign-in must end here within seconds.
c.HubOAuth.cache_max_age = 3
# The secret outlives the run's own directory: pages that are open stay signed in over a restart.
data = Path(jupyter_data_dir())
data.mkdir(parents=True, exist_ok=True)
c.ServerApp.cookie_secret_file = str(data / "cookie_secret")
# Nobody can look into a lab's trash; it would fill the home, and a full home takes nothing into it.
c.FileContentsManager.delete_to_trash = False
c.ServerApp.shutdown_no_activity_timeout = 0
# It only serves the names that settings had before JupyterLab.
c.ServerApp.jpserver_extensions = {
    "notebook_shim": False,
    "labyard_lab.activity": True,
    "labyard_lab.answer": True,
    "labyard_lab.notices": True,
    "labyard_lab.watch": True,
}
# Not a login shell: that would forget where the lab's programs are.
c.ServerApp.terminado_settings = {"shell_command": ["/bin/bash"]}

# The root file system is read-only; extensions come with the image.
c.LabApp.extension_manager = "readonly"
c.LabApp.check_for_updates_class = "jupyterlab.NeverCheckForUpdate"
c.LabApp.news_url = None

c.ServerProxy.servers = tools.enabled(os.environ)
if "mlflow" in c.ServerProxy.servers:
    c.ServerApp.jpserver_extensions["labyard_lab.keep"] = True
    if os.environ.get("MLFLOW_TRACKING_URI", tools.MLFLOW) == tools.MLFLOW:  # not a site's own
        os.environ["MLFLOW_TRACKING_URI"] = tools.address(c.ServerProxy.servers["mlflow"])
