"""Ids and derived keys."""

import time

from tests.support.core import SECRET_KEY

from opsconductor.kit.ids import new_id
from opsconductor.kit.keys import derive


def test_a_later_id_sorts_behind_an_earlier_one() -> None:
    ids = []
    for _ in range(20):
        ids.append(new_id())
        time.sleep(0.0015)

    assert ids == sorted(ids)
    assert [str(id) for id in ids] == sorted(str(id) for id in ids)


def test_ids_made_at_once_differ() -> None:
    assert len({new_id() for _ in range(10_000)}) == 10_000


def test_an_id_is_a_uuid_of_version_7() -> None:
    assert {(id.version, id.variant) for id in (new_id() for _ in range(100))} == {
        (7, "specified in RFC 4122")
    }


def test_another_purpose_gives_another_key() -> None:
    purposes = ("token-signing", "credential-sealing", "nodered-instance")

    assert len({derive(SECRET_KEY, purpose) for purpose in purposes}) == 3


def test_another_secret_gives_another_key() -> None:
    assert derive(SECRET_KEY, "token-signing") != derive(SECRET_KEY[::-1], "token-signing")


def test_the_same_secret_and_purpose_give_the_same_key_for_ever() -> None:
    assert derive(SECRET_KEY, "credential-sealing").hex().startswith("a7c1152c5402c310")


def test_no_key_shows_the_secret_it_comes_from() -> None:
    assert bytes.fromhex(SECRET_KEY) != derive(SECRET_KEY, "token-signing")
    assert len(derive(SECRET_KEY, "token-signing")) == 32
