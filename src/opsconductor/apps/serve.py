"""Serves an application on a port of loopback, and on a Unix socket where the stack hands one over."""

import argparse
import importlib
import os
import socket
from collections.abc import Sequence

import uvicorn

from opsconductor.stack.ports import LOOPBACK
from opsconductor.stack.services import LISTEN_FD


def serve(factory: str, port: int) -> None:
    """Serve what a factory (`module:function`) makes, until SIGTERM."""
    module, _, name = factory.partition(":")
    app = getattr(importlib.import_module(module), name)()
    config = uvicorn.Config(app, access_log=False, log_level="warning", timeout_graceful_shutdown=2)
    uvicorn.Server(config).run(sockets=_sockets(port))


def _sockets(port: int) -> list[socket.socket]:
    tcp = socket.socket(proto=socket.IPPROTO_TCP)  # asyncio asks for it before it sets TCP_NODELAY
    tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    tcp.bind((LOOPBACK, port))
    handed = os.environ.get(LISTEN_FD)
    return [tcp, *([socket.socket(fileno=int(handed))] if handed else [])]


def main(words: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="opsconductor.apps.serve")
    parser.add_argument("factory")
    parser.add_argument("--port", type=int, required=True)
    wanted = parser.parse_args(words)
    serve(wanted.factory, wanted.port)


if __name__ == "__main__":
    main()
