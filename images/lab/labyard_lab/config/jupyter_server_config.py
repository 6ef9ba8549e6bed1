"""Defaults of every lab; the person's own ~/.jupyter comes after and wins where it may."""

import os

from labyard_lab.tools import enabled

# A withdrawn sign-in must end here within seconds.
c.HubOAuth.cache_max_age = 3
c.ServerApp.shutdown_no_activity_timeout = 0
c.ServerProxy.servers = enabled(os.environ)

c.LabApp.check_for_updates_class = "jupyterlab.NeverCheckForUpdate"
c.LabApp.news_url = None
