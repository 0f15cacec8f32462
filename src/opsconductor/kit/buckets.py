"""Addresses of buckets: what is taken for one, and what is refused, each with the sentence that says what to do."""

import ipaddress
import re
from pathlib import Path
from urllib.parse import urlsplit

NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
"""What S3 takes as the name of a bucket."""
SEGMENT = re.compile(r"[A-Za-z0-9!_.*'()-]+")
"""What S3 calls safe in a key; anything else would be written differently by different servers."""
URL = "OPSCONDUCTOR_STORAGE_URL"


def parsed(url: str) -> tuple[str, str]:
    """Return bucket and prefix of `s3://bucket/prefix`. Raises ValueError."""
    parts = urlsplit(url)
    if parts.scheme != "s3":
        raise ValueError(f"{URL} must be empty or s3://bucket/prefix")
    if parts.username or parts.password or "@" in parts.netloc:
        raise ValueError(f"{URL} must not hold credentials: they have settings of their own")
    if parts.query or parts.fragment:
        raise ValueError(f"{URL} must end with the prefix: nothing may follow after ? or #")
    if not NAME.fullmatch(parts.netloc):
        raise ValueError(f"{URL} must name a bucket: 3 to 63 of a-z, 0-9, . and -, as in s3://bucket/prefix")
    segments = parts.path.strip("/").split("/") if parts.path.strip("/") else []
    if any(not SEGMENT.fullmatch(segment) or segment in (".", "..") for segment in segments):
        raise ValueError(f"{URL} has a prefix with other characters than letters, digits and !_.*'()-")
    return parts.netloc, "/".join(segments)


def check_endpoint(endpoint: str, *, plain_http: bool) -> None:
    """Refuse an endpoint that is none, or that would send content over a network unencrypted."""
    name = "OPSCONDUCTOR_STORAGE_ENDPOINT"
    parts = urlsplit(endpoint)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{name} must start with https:// and name a host")
    if parts.username or parts.password or parts.query or parts.fragment or parts.path.strip("/"):
        raise ValueError(f"{name} must be a scheme, a host and perhaps a port, and nothing else")
    try:
        parts.port  # noqa: B018  # it is looked at where it is asked for
    except ValueError as error:
        raise ValueError(f"{name} names no port between 1 and 65535") from error
    if parts.scheme == "http" and not plain_http and not _is_loopback(parts.hostname):
        raise ValueError(
            f"{name} must start with https://; where the network is safe without, "
            "set OPSCONDUCTOR_STORAGE_PLAIN_HTTP=true"
        )


def check_pair(key: str, secret: str) -> None:
    """Refuse half of a pair of credentials."""
    if bool(key) != bool(secret):
        raise ValueError(
            "OPSCONDUCTOR_STORAGE_ACCESS_KEY and OPSCONDUCTOR_STORAGE_SECRET_KEY belong together: "
            "set both, or neither for what the machine itself may do"
        )


def check_authority(path: Path | None) -> None:
    """Refuse a file of certificates that has none."""
    name = "OPSCONDUCTOR_STORAGE_CA_FILE"
    if path is None:
        return
    try:
        text = path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{name} can't be read ({type(error).__name__})") from error
    if "-----BEGIN CERTIFICATE-----" not in text:
        raise ValueError(f"{name} holds no certificate in PEM")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
