"""A registry of npm packages for tests, on loopback."""

import hashlib
import http.server
import json
import threading
from base64 import b64encode
from pathlib import Path
from urllib.parse import unquote


class Registry:
    """Answers with what was published, and with 404 to all else."""

    def __init__(self) -> None:
        answers: dict[str, bytes] = {}

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                found = answers.get(unquote(self.path))
                self.send_response(404 if found is None else 200)
                self.end_headers()
                self.wfile.write(found or b"{}")

            def log_message(self, *_: object) -> None:
                pass

        self._answers = answers
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def publish(self, name: str, archives: dict[str, Path], *, sends: Path | None = None) -> None:
        """Offer a package by its versions; `sends` is what comes in the place of each of them."""
        versions = {}
        for version, archive in archives.items():
            path, content = f"/{name}/-/{version}.tgz", archive.read_bytes()
            integrity = "sha512-" + b64encode(hashlib.sha512(content).digest()).decode()
            dist = {"tarball": self.url.rstrip("/") + path, "integrity": integrity}
            versions[version] = {"name": name, "version": version, "dist": dist}
            self._answers[path] = sends.read_bytes() if sends else content
        about = {"name": name, "dist-tags": {"latest": max(versions)}, "versions": versions}
        self._answers[f"/{name}"] = json.dumps(about).encode()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
