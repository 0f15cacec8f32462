"""Where a notification may go: a name is resolved once, judged, and connected to at that very address."""

import asyncio
import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from opsconductor.notifications.errors import AddressRefused, NameNotResolved

NAT64 = IPv6Network("64:ff9b::/96")

Address = IPv4Address | IPv6Address


async def resolved(host: str, port: int, *, allow_private: bool) -> str:
    """Return the address to connect to, or refuse. One address that is not allowed is enough to refuse a name."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NameNotResolved(host=host) from error
    addresses = [str(where[0]) for *_, where in found]
    for address in addresses:
        if not permitted(address, allow_private=allow_private):
            raise AddressRefused(host=host, address=address)
    return addresses[0]


def permitted(text: str, *, allow_private: bool) -> bool:
    """Tell whether a notification may be sent to an address."""
    address = _meant(ip_address(text.partition("%")[0]))
    if address.is_link_local or address.is_multicast or address.is_unspecified:
        return False  # also not by permission: the metadata of cloud machines is there
    if str(address) == "255.255.255.255":
        return False
    return allow_private or address.is_global


def _meant(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 one stands for, where it does."""
    if isinstance(address, IPv4Address):
        return address
    inner = address.ipv4_mapped or address.sixtofour or (address.teredo and address.teredo[1])
    if inner:
        return inner
    if address in NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address
