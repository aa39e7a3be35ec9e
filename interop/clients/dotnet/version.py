"""Prints the SDK's version, from the call that the command in the arguments makes."""

import os
import re
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer


class Handler(BaseHTTPRequestHandler):
    """Reads the User-Agent header and refuses the call."""

    def do_POST(self) -> None:
        """As the base class calls it."""
        found = re.search(r"aws-sdk-dotnet-core#([\d.]+)", self.headers["User-Agent"])
        print(found[1] if found else "")
        self.send_error(403)

    def log_message(self, *_: object) -> None:
        """Nothing, in place of a line for each request."""


server = HTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
environ = {
    **os.environ,
    "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}",
    "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "none",
    "AWS_REGION": "us-east-1",
}
subprocess.run(sys.argv[1:], env=environ, stdout=subprocess.DEVNULL, check=True)
