"""Who did what, on what, when and from where: written in the transaction that did it."""

from opsconductor.audit.service import record

__all__ = ["record"]
