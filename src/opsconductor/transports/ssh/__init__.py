"""SSH, by asyncssh: verified host keys, no configuration files, no agent, no forwarding."""

import logging

from opsconductor.transports.ssh.certificates import CertificateDescription, describe_certificate
from opsconductor.transports.ssh.keys import KeyDescription, KeyRing, describe_private_key
from opsconductor.transports.ssh.options import Limits
from opsconductor.transports.ssh.transport import SshTransport

# At INFO asyncssh logs user names and whole command lines, which may hold secrets.
logging.getLogger("asyncssh").setLevel(logging.WARNING)

__all__ = [
    "CertificateDescription",
    "KeyDescription",
    "KeyRing",
    "Limits",
    "SshTransport",
    "describe_certificate",
    "describe_private_key",
]
