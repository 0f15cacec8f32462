"""The worker, with the fake transport in the place of SSH: what Celery loads for `bench.faked`."""

from bench.faked import answer
from opsconductor.apps import worker
from opsconductor.transports.fake import FakeTransport, Host

worker.engine = worker.EngineThread(worker.config, lambda: FakeTransport(others=Host(answer=answer)))
app = worker.app
