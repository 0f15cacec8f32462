"""Sealed values: what opens them, and what does not."""

import pytest
from sqlalchemy import LargeBinary, text
from tests.support.core import SECRET_KEY, Core

from opsconductor.credentials.models import SEALED, Credential
from opsconductor.credentials.vault import SealBroken, Vault

HERE = {"table": "credentials", "row": "01a20c06-c4c1-742b-b37f-ba80e5e35788", "field": "password"}
VAULT = Vault(SECRET_KEY)


@pytest.mark.parametrize(
    "value", ["s3cret", "", "ä€😀", "x" * 20_000], ids=["short", "empty", "wide", "long"]
)
def test_a_sealed_value_opens_in_its_place(value: str) -> None:
    assert VAULT.open(VAULT.seal(value, **HERE), **HERE) == value


ELSEWHERE = {
    "another row": {"row": "01a20c06-c4c1-742b-b37f-ba80e5e35789"},
    "another field": {"field": "passphrase"},
    "another table": {"table": "targets"},
}


@pytest.mark.parametrize("elsewhere", ELSEWHERE.values(), ids=ELSEWHERE.keys())
def test_a_sealed_value_that_was_moved_does_not_open(elsewhere: dict[str, str]) -> None:
    record = VAULT.seal("s3cret", **HERE)

    with pytest.raises(SealBroken):
        VAULT.open(record, **(HERE | elsewhere))


def test_another_installation_does_not_open_it() -> None:
    record = VAULT.seal("s3cret", **HERE)

    with pytest.raises(SealBroken):
        Vault(SECRET_KEY[::-1]).open(record, **HERE)


def test_not_one_bit_of_a_record_may_be_changed() -> None:
    record = VAULT.seal("s3cret", **HERE)
    for place in range(len(record)):
        changed = record[:place] + bytes([record[place] ^ 1]) + record[place + 1 :]
        with pytest.raises(SealBroken):
            VAULT.open(changed, **HERE)


def test_a_record_that_was_cut_does_not_open() -> None:
    record = VAULT.seal("s3cret", **HERE)
    for length in range(len(record)):
        with pytest.raises(SealBroken):
            VAULT.open(record[:length], **HERE)


def test_parts_of_two_records_do_not_make_a_third() -> None:
    one, other = VAULT.seal("one", **HERE), VAULT.seal("two", **HERE)
    border = len(one) - len("one") - 16 - 12  # before the nonce of the value

    with pytest.raises(SealBroken):
        VAULT.open(one[:border] + other[border:], **HERE)


def test_the_same_value_is_sealed_differently_each_time() -> None:
    assert VAULT.seal("s3cret", **HERE) != VAULT.seal("s3cret", **HERE)


def test_a_sealed_value_does_not_show_itself() -> None:
    assert b"s3cret" not in VAULT.seal("s3cret", **HERE)


def test_every_binary_column_of_credentials_is_a_sealed_one() -> None:
    binary = {column.name for column in Credential.__table__.columns if isinstance(column.type, LargeBinary)}

    assert binary == set(SEALED)


async def _target_with_password(core: Core, name: str, password: str) -> tuple[str, str]:
    """Register a target with a credential of its own; return both ids."""
    wanted = {"name": name, "kind": "password", "username": "root", "password": password}
    credential = (await core.admin.post("/credentials", json=wanted)).json()["id"]
    body = {"name": name, "host": "127.0.0.1", "port": 1, "credential_id": credential}
    return (await core.admin.post("/targets", json=body)).json()["id"], credential


async def test_a_password_moved_to_another_row_of_the_database_is_not_used(core: Core) -> None:
    _, rich = await _target_with_password(core, "rich", "of the rich one")
    target, poor = await _target_with_password(core, "poor", "of the poor one")
    before = (await core.admin.post(f"/targets/{target}/test")).json()["error_code"]
    async with core.app.state.units.sessions() as session:
        moved = "update credentials set password = (select password from credentials where id = :rich)"
        await session.execute(text(f"{moved} where id = :poor"), {"rich": rich, "poor": poor})
        await session.commit()
    after = (await core.admin.post(f"/targets/{target}/test")).json()["error_code"]

    assert (before, after) == ("connect_refused", "credential_missing")
