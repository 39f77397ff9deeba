"""Running a room's server: one process, which ends cleanly on SIGTERM and SIGINT."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final

import uvicorn

from cleanroom.room.app import make_app
from cleanroom.room.house import OpenRoom
from overlap.errors import BadInput, UsageError

#: Connections at once; each of 200 parties may have several.
CONNECTIONS_LIMIT: Final = 1_000

#: Seconds that open requests have to end after a signal.
STOP_SECONDS: Final = 20

#: Bytes of a request's line and header fields.
HEAD_LIMIT: Final = 16_384


@dataclass(frozen=True, slots=True)
class Address:
    """Where a room listens, and under which URL its clients reach it."""

    host: str
    port: int
    url: str
    certificate: Path | None = None
    key: Path | None = None


def choose_address(
    host: str, port: int, url: str, certificate: Path | None, key: Path | None, insecure: bool
) -> Address:
    """The address to listen at. UsageError for plain HTTP beyond this machine, or half a certificate.

    A room behind a proxy that ends TLS listens with plain HTTP on loopback, and `url` is the proxy's.
    """
    if (certificate is None) != (key is None):
        raise UsageError("a certificate and its key go together", "give --tls-cert and --tls-key")
    if certificate and insecure:
        raise UsageError("a room has TLS or not", "leave --insecure-http out")
    if not certificate and not insecure:
        raise UsageError(
            "a room needs a certificate",
            "give --tls-cert and --tls-key, or --insecure-http behind a proxy on this machine",
        )
    if insecure and not _is_loopback(host):
        raise UsageError("plain HTTP is for this machine only", "give --host 127.0.0.1, or a certificate")
    scheme = "http" if insecure else "https"
    shown = f"[{host}]" if ":" in host else host
    chosen = url.rstrip("/") or f"{scheme}://{shown}:{port}"
    if not chosen.startswith(("https://", "http://")) or "/" in chosen.split("://", 1)[1]:
        raise UsageError("the URL of a room has a host and no path", "give one such as https://room.example")
    return Address(host, port, chosen, certificate, key)


class _Server(uvicorn.Server):
    """A server that says when it listens, and returns after a signal instead of dying by it."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()

    def handle_exit(self, sig: int, frame: Any) -> None:
        self.should_exit = True


def serve_room(room: OpenRoom, address: Address, ready: Callable[[], None]) -> None:
    """Serve until a signal comes; `ready` is called when the room listens. BadInput when it cannot."""
    config = uvicorn.Config(
        make_app(room, address.url),
        host=address.host,
        port=address.port,
        ssl_certfile=str(address.certificate) if address.certificate else None,
        ssl_keyfile=str(address.key) if address.key else None,
        http="h11",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=CONNECTIONS_LIMIT,
        timeout_graceful_shutdown=STOP_SECONDS,
        h11_max_incomplete_event_size=HEAD_LIMIT,
    )
    server = _Server(config, ready)
    try:
        server.run()
    except SystemExit as error:
        raise BadInput("the room cannot listen there", "choose another --host or --port") from error
    except OSError as error:
        raise BadInput(
            "the certificate or its key cannot be read", "check --tls-cert and --tls-key"
        ) from error


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
