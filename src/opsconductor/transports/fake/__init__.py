"""A transport that answers from a script: for demonstrations, benchmarks and tests without a network."""

from opsconductor.transports.fake.files import Tree
from opsconductor.transports.fake.script import Answer, Host, host_key_of
from opsconductor.transports.fake.transport import FakeTransport

__all__ = ["Answer", "FakeTransport", "Host", "Tree", "host_key_of"]
