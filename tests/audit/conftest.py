"""Accidents on purpose happen here too."""

from tests.kit.conftest import plain_logs

__all__ = ["plain_logs"]
