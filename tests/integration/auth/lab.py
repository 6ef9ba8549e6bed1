"""The smallest lab: answers HTTP and leaves its token where the test finds it."""

import os
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import urlsplit


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("X-JupyterHub-Version", "6.1.1")
        self.end_headers()

    def log_message(self, *_):
        pass


service = urlsplit(os.environ["JUPYTERHUB_SERVICE_URL"])
held = Path(sys.argv[1]) / f"lab-token-{os.environ['JUPYTERHUB_USER']}"
held.write_text(os.environ["JUPYTERHUB_API_TOKEN"])
HTTPServer((service.hostname, service.port), Handler).serve_forever()
