"""The one door, started for real from its one template: here and as in production, with TLS."""

import datetime
import http.server
import json
import os
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from tests.support.servers import free_port

from opsconductor.stack import nginx

SIGNED_IN = {"Cookie": "opsc_session=good"}


class _Echo(http.server.BaseHTTPRequestHandler):
    """Answers with what it was asked; in the bridge's place it knows one session."""

    name = ""

    def do_GET(self) -> None:
        if self.path == "/internal/editor-auth":
            good = "opsc_session=good" in (self.headers["Cookie"] or "")
            self.send_response(204 if good else 401)
            if good:
                self.send_header("X-Opsc-Session", "ticket-of-the-bridge")
            self.end_headers()
            return
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Set-Cookie", "planted=1")
        self.end_headers()
        seen = {name.lower(): value for name, value in self.headers.items()}
        self.wfile.write(json.dumps({"part": self.name, "path": self.path, "headers": seen}).encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def parts() -> Iterator[dict[str, int]]:
    """Something that answers in place of core, bridge and Node-RED."""
    servers = {}
    for name in ("core", "bridge", "nodered"):
        handler = type(name, (_Echo,), {"name": name})
        servers[name] = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=servers[name].serve_forever, args=(0.05,), daemon=True).start()
    yield {name: server.server_address[1] for name, server in servers.items()}
    for server in servers.values():
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A web app to serve."""
    folder = tmp_path_factory.mktemp("web")
    (folder / "index.html").write_text("<title>the app</title>")
    (folder / "assets").mkdir()
    (folder / "assets" / "app-1234.js").write_text("1")
    return folder


@dataclass
class Door:
    """A running nginx."""

    url: str
    verify: ssl.SSLContext | bool = True

    def get(self, path: str, **headers: str) -> httpx.Response:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return httpx.get(f"{self.url}{path}", headers=sent, verify=self.verify)


def _running(config: Path, text: str, port: int) -> Iterator[None]:
    config.write_text(text)
    with (config.parent / "log").open("wb") as log:
        server = subprocess.Popen(nginx.command(config), stdout=log, stderr=subprocess.STDOUT)
    try:
        deadline = time.monotonic() + 10
        while True:
            try:
                httpx.get(f"http://127.0.0.1:{port}/", timeout=1)
                break
            except httpx.RemoteProtocolError:  # TLS: it answers
                break
            except httpx.TransportError:
                assert server.poll() is None, (config.parent / "log").read_text()
                assert time.monotonic() < deadline
                time.sleep(0.05)
        yield
    finally:
        server.terminate()
        server.wait(10)


@pytest.fixture(scope="module")
def here(parts, web, tmp_path_factory) -> Iterator[Door]:
    """The door of the embedded stack."""
    home, port = tmp_path_factory.mktemp("nginx"), free_port()
    text = nginx.local(home, web, {**parts, "public": port}, f"127.0.0.1:{parts['nodered']}")
    running = _running(home / "nginx.conf", text, port)
    next(running)
    yield Door(f"http://127.0.0.1:{port}")
    running.close()


@pytest.fixture(scope="module")
def production(parts, web, tmp_path_factory) -> Iterator[Door]:
    """The door of a server with TLS."""
    home, port = tmp_path_factory.mktemp("tls"), free_port()
    _certificate(home)
    tls = nginx.Tls("ops.example.org", home / "cert.pem", home / "key.pem", port)
    addresses = {name: f"127.0.0.1:{number}" for name, number in parts.items()}
    running = _running(home / "nginx.conf", nginx.production(home, web, addresses, tls, user=_user()), port)
    next(running)
    yield Door(f"https://127.0.0.1:{port}", ssl.create_default_context(cafile=home / "cert.pem"))
    running.close()


def _user() -> str | None:
    """The folders of a test are its user's alone."""
    return "root" if os.getuid() == 0 else None


def _certificate(home: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "ops.example.org")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (home / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (home / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )


@pytest.fixture(params=["here", "production"])
def door(request) -> Door:
    """Each of the two."""
    return request.getfixturevalue(request.param)


def test_every_path_of_the_web_app_is_the_web_app(door):
    assert "the app" in door.get("/executions/123").text


def test_a_missing_asset_is_not_answered_with_the_web_app(door):
    assert door.get("/assets/gone.js").status_code == 404


def test_hashed_assets_stay_in_the_browsers_cache(door):
    assert "immutable" in door.get("/assets/app-1234.js").headers["cache-control"]


def test_no_foreign_script_runs_in_the_web_app(door):
    policy = door.get("/").headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "script-src" not in policy  # so default-src counts: no inline script


def test_the_api_is_the_cores(door):
    assert door.get("/api/v3/targets").json()["part"] == "core"


def test_the_workflow_api_is_the_bridges(door):
    assert door.get("/api/workflow/targets").json()["part"] == "bridge"


@pytest.mark.parametrize("path", ["/internal/sessions", "/metrics", "/health", "/-/editor-auth"])
def test_what_is_not_for_people_is_not_reachable(door, path):
    answer = door.get(path)
    assert answer.status_code == 404 or "the app" in answer.text


def test_where_a_request_comes_from_cannot_be_made_up(door):
    seen = door.get("/api/v3/targets", X_Forwarded_For="6.6.6.6").json()["headers"]
    assert seen["x-forwarded-for"] == "127.0.0.1"


def test_the_editor_sends_a_signed_out_person_to_sign_in(door):
    answer = door.get("/nodered/", Accept="text/html,*/*")
    assert (answer.status_code, answer.headers["location"].endswith("/login?next=/nodered/")) == (302, True)


def test_the_editor_refuses_a_signed_out_program_with_the_envelope(door):
    answer = door.get("/nodered/flows", Accept="application/json")
    assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in")


def test_the_editor_gets_the_bridges_ticket(door):
    assert door.get("/nodered/", **SIGNED_IN).json()["headers"]["x-opsc-session"] == "ticket-of-the-bridge"


def test_a_ticket_from_outside_is_dropped(door):
    seen = door.get("/nodered/", **SIGNED_IN, X_Opsc_Session="forged").json()["headers"]
    assert seen["x-opsc-session"] == "ticket-of-the-bridge"


@pytest.mark.parametrize("path", ["/api/v3/targets", "/hooks/x"])
def test_a_ticket_from_outside_reaches_nobody_else_either(door, path):
    assert "x-opsc-session" not in door.get(path, X_Opsc_Session="forged").json()["headers"]


@pytest.mark.parametrize("path", ["/nodered/", "/hooks/x"])
def test_node_red_never_sees_our_cookie(door, path):
    assert "cookie" not in door.get(path, **SIGNED_IN).json()["headers"]


def test_the_api_does_see_it(door):
    assert door.get("/api/v3/targets", **SIGNED_IN).json()["headers"]["cookie"] == "opsc_session=good"


def test_what_a_flow_serves_is_sandboxed_and_plants_no_cookie(door):
    answer = door.get("/hooks/x")
    assert answer.json()["part"] == "nodered"
    assert answer.headers["content-security-policy"] == "sandbox"
    assert "set-cookie" not in answer.headers


def test_production_insists_on_tls(production):
    assert "max-age=31536000" in production.get("/").headers["strict-transport-security"]


def test_production_tells_the_core_that_it_is_reached_over_tls(production):
    assert production.get("/api/v3/targets").json()["headers"]["x-forwarded-proto"] == "https"


def test_a_part_that_is_away_is_a_503_with_the_envelope(web, tmp_path):
    port = free_port()
    nowhere = dict.fromkeys(("core", "bridge"), free_port())
    text = nginx.local(tmp_path, web, {**nowhere, "public": port}, f"unix:{tmp_path / 'nowhere'}")
    running = _running(tmp_path / "nginx.conf", text, port)
    next(running)
    answer = httpx.get(f"http://127.0.0.1:{port}/api/v3/targets")
    running.close()
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
