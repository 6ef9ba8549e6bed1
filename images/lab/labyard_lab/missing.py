"""The page of a tool that is switched on but not in the image: ``missing.py PORT NAME TITLE``."""

from __future__ import annotations

import html
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1"><title>{title}</title>
<style>:root{{color-scheme:light dark}}
body{{font:16px system-ui;max-width:36rem;margin:4rem auto;padding:0 1rem}}</style>
<h1>{title} is not in this image</h1>
<p>It is switched on for this hub, but the lab's image was built without it.</p>
<p>Tell your administrator: <code>labyard image build --with {name}</code> adds it.</p></html>
"""


def page(name: str, title: str) -> bytes:
    """Return what is shown instead of the tool."""
    return _PAGE.format(name=html.escape(name), title=html.escape(title)).encode()


def main(port: str, name: str, title: str) -> None:
    """Serve the page on loopback."""
    body = page(name, title)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    HTTPServer(("127.0.0.1", int(port)), Handler).serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:4])
