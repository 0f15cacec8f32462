"""Sealing: AES-256-GCM with a key per value, itself sealed by the installation's key.

A record is `version(1) | key_version(4) | nonce(12) | sealed data key(48) | nonce(12) | sealed value`. The
associated data names version, table, row and field (and the key version for the wrap), so that a record
moved to another row or field does not open.
"""

import os
import struct
from typing import TypedDict

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from opsconductor.kit.keys import derive

VERSION = 1
KEY_VERSION = 1
NONCE = 12
HEADER = struct.Struct(">BI")
WRAPPED = 32 + 16  # data key and tag


class SealedPlace(TypedDict):
    """Where a sealed value is kept: a record moved to another place does not open."""

    table: str
    row: object
    field: str


class SealBroken(Exception):
    """The record was changed, belongs to another row, or was sealed with another SECRET_KEY."""


class Vault:
    """Seals and opens values with the key derived from one SECRET_KEY."""

    def __init__(self, secret_key: str) -> None:
        self._wrap = AESGCM(derive(secret_key, "credential-sealing"))

    def seal(self, value: str, *, table: str, row: object, field: str) -> bytes:
        """Return the record to store for a value in this place."""
        header = HEADER.pack(VERSION, KEY_VERSION)
        place = _place(table, row, field)
        data_key, nonce, wrap_nonce = os.urandom(32), os.urandom(NONCE), os.urandom(NONCE)
        wrapped = self._wrap.encrypt(wrap_nonce, data_key, header + place)
        sealed = AESGCM(data_key).encrypt(nonce, value.encode(), header[:1] + place)
        return header + wrap_nonce + wrapped + nonce + sealed

    def open(self, record: bytes, *, table: str, row: object, field: str) -> str:
        """Return the value of a record read from this place, or raise SealBroken."""
        place = _place(table, row, field)
        header, rest = record[: HEADER.size], record[HEADER.size :]
        if len(rest) < 2 * NONCE + WRAPPED + 16 or HEADER.unpack(header) != (VERSION, KEY_VERSION):
            raise SealBroken
        wrap_nonce, wrapped = rest[:NONCE], rest[NONCE : NONCE + WRAPPED]
        nonce, sealed = rest[NONCE + WRAPPED : 2 * NONCE + WRAPPED], rest[2 * NONCE + WRAPPED :]
        try:
            data_key = self._wrap.decrypt(wrap_nonce, wrapped, header + place)
            return AESGCM(data_key).decrypt(nonce, sealed, header[:1] + place).decode()
        except InvalidTag as error:
            raise SealBroken from error


def _place(table: str, row: object, field: str) -> bytes:
    return "|".join(("opsc", table, str(row), field)).encode()
