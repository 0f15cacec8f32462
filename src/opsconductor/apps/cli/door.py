"""`nginx-config`: the one door's configuration for a server with TLS."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from opsconductor.stack import nginx

File = Annotated[Path, typer.Option(exists=True, dir_okay=False, resolve_path=True)]
Address = Annotated[str, typer.Option(help="host:port")]


def nginx_config(
    server_name: Annotated[str, typer.Option(help="As in the certificate, e.g. ops.example.org.")],
    certificate: File,
    key: File,
    core: Address = "127.0.0.1:8000",
    bridge: Address = "127.0.0.1:8001",
    nodered: Address = "127.0.0.1:1880",
    web: Annotated[Path | None, typer.Option(help="The built web app; this checkout's if left out.")] = None,
    home: Annotated[Path, typer.Option(help="A folder nginx may write to.")] = Path("/var/lib/nginx"),
    user: Annotated[str | None, typer.Option(help="Whom nginx becomes where root starts it.")] = None,
    port: Annotated[int, typer.Option(min=1, max=65535)] = 443,
) -> None:
    """Print nginx's configuration for production, with TLS."""
    parts = {"core": core, "bridge": bridge, "nodered": nodered}
    tls = nginx.Tls(server_name, certificate, key, port)
    sys.stdout.write(nginx.production(home, web or nginx.web_app(), parts, tls, user=user))
