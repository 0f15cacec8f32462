"""A bucket as the courier and readers meet it: a real server over real HTTP, with signatures checked."""

import hashlib
import os
from pathlib import Path

import pytest
from tests.support.core import SECRET_KEY
from tests.support.s3 import TestBucket

from opsconductor.kit.settings import Settings
from opsconductor.storage.bucket import PART, Bucket
from opsconductor.storage.errors import BucketAway, ContentDamaged
from opsconductor.storage.places import Wanted

MIB = 1024 * 1024


def _bucket(bucket: TestBucket, **changed: str) -> Bucket:
    return Bucket(Settings.model_validate(bucket.environment | {"SECRET_KEY": SECRET_KEY} | changed))


def _file(folder: Path, content: bytes) -> Path:
    path = folder / os.urandom(4).hex()
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("size", [0, 1, PART, 2 * PART + 1])
async def test_content_goes_there_and_comes_back_with_its_hash(
    bucket: TestBucket, tmp_path: Path, size: int
) -> None:
    content = os.urandom(size)
    there = _bucket(bucket)

    await there.send(f"outputs/{size}", _file(tmp_path, content))
    back = await there.fetch(Wanted(f"outputs/{size}", size), tmp_path / "back")

    assert back
    assert (tmp_path / "back").read_bytes() == content
    assert bucket.read(f"{bucket.prefix}/outputs/{size}") == content
    assert bucket.facts(f"outputs/{size}") == {"sha256": hashlib.sha256(content).hexdigest()}


async def test_what_is_not_there_is_told_apart_from_a_bucket_that_is_not(
    bucket: TestBucket, tmp_path: Path
) -> None:
    nowhere = _bucket(bucket, OPSCONDUCTOR_STORAGE_URL="s3://no-such-bucket/x")

    assert not await _bucket(bucket).fetch(Wanted("outputs/nothing"), tmp_path / "back")
    with pytest.raises(BucketAway, match=r"does not exist \(NoSuchBucket\): make it"):
        await nowhere.fetch(Wanted("outputs/nothing"), tmp_path / "back2")
    with pytest.raises(BucketAway, match="does not exist"):
        await nowhere.send("outputs/nothing", _file(tmp_path, b"x"))


CHANGED = {
    "another byte": {"content": b"xbcdef", "wanted": Wanted("outputs/x", 6)},
    "a byte less": {"content": b"abcde", "wanted": Wanted("outputs/x", 6)},
    "another byte, and a hash beside it that fits": {
        "content": b"xbcdef",
        "beside": hashlib.sha256(b"xbcdef").hexdigest(),
        "wanted": Wanted("outputs/x", 6, hashlib.sha256(b"abcdef").hexdigest()),
    },
}


@pytest.mark.parametrize("case", CHANGED.values(), ids=CHANGED.keys())
async def test_content_that_is_not_what_was_stored_is_refused(
    bucket: TestBucket, tmp_path: Path, case: dict[str, object]
) -> None:
    beside = case.get("beside", hashlib.sha256(b"abcdef").hexdigest())
    bucket.write("outputs/x", case["content"], Metadata={"sha256": beside})
    with pytest.raises(ContentDamaged):
        await _bucket(bucket).fetch(case["wanted"], tmp_path / "back")

    bucket.write("outputs/x", b"abcdef", Metadata={"sha256": hashlib.sha256(b"abcdef").hexdigest()})
    assert await _bucket(bucket).fetch(case["wanted"], tmp_path / "again")


async def test_who_is_refused_is_told_what_to_look_at_and_no_secret(
    bucket: TestBucket, tmp_path: Path
) -> None:
    wrong = _bucket(bucket, OPSCONDUCTOR_STORAGE_SECRET_KEY="wrong-secret-of-the-bucket")
    for ask in (wrong.probe(), wrong.send("outputs/x", _file(tmp_path, b"x")), wrong.delete(["outputs/x"])):
        with pytest.raises(BucketAway, match="refuses these credentials") as refused:
            await ask
        assert "OPSCONDUCTOR_STORAGE_SECRET_KEY" in str(refused.value)
        assert "wrong-secret" not in f"{refused.value!r} {refused.value.__cause__!r} {wrong!r} {vars(wrong)}"
        assert bucket.server.access_key not in str(refused.value)

    await _bucket(bucket).probe()  # the positive control
    assert not [place for place in bucket.places() if place.startswith("probes/")]


async def test_a_server_that_does_not_answer_is_named_within_seconds(
    bucket: TestBucket, tmp_path: Path
) -> None:
    await bucket.gate.shut()
    try:
        with pytest.raises(BucketAway, match="does not answer: look at OPSCONDUCTOR_STORAGE_ENDPOINT"):
            await _bucket(bucket).fetch(Wanted("outputs/x"), tmp_path / "back")
    finally:
        bucket.gate.open()


async def test_objects_are_listed_page_by_page_and_deleted_together(
    bucket: TestBucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opsconductor.storage.bucket.PAGE", 2)
    places = [f"listed/2026/01/01/{number}" for number in range(5)]
    for place in places:
        bucket.write(place, b"x")
    there = _bucket(bucket)
    pages = [[one.place for one in page] async for page in there.listed("listed")]

    await there.delete([*places[:4], "listed/never/there"])

    assert [len(page) for page in pages] == [2, 2, 1]
    assert sorted(place for page in pages for place in page) == places
    assert [place for place in bucket.places() if place.startswith("listed/")] == places[4:]
