"""Folders that are on a target for a while: nobody else looks into them, and removing them touches nothing else."""

import pytest
from tests.transports.filework import OPERATION, files_of, place, source

from opsconductor.transports import TransportError


async def test_only_the_login_may_look_into_it(transport, target, tmp_path):
    async with files_of(transport, target) as files:
        await files.make_private_directory(str(tmp_path / "own"))

    assert (tmp_path / "own").stat().st_mode & 0o777 == 0o700


async def test_one_of_our_own_is_taken_as_it_is(transport, target, tmp_path):
    async with files_of(transport, target) as files:
        for _ in range(2):
            await files.make_private_directory(str(tmp_path / "own"))


@pytest.mark.parametrize("trap", ["open to all", "link", "file"])
async def test_what_somebody_else_has_put_there_is_refused(transport, target, tmp_path, trap):
    there = tmp_path / "trap"
    if trap == "open to all":
        there.mkdir(mode=0o755)
    elif trap == "link":
        (tmp_path / "elsewhere").mkdir(mode=0o700)
        there.symlink_to("elsewhere")
    else:
        there.touch(mode=0o700)

    async with files_of(transport, target) as files:
        with pytest.raises(TransportError):
            await files.make_private_directory(str(there))


async def test_a_folder_is_removed_with_all_that_is_in_it_but_not_what_links_lead_to(
    transport, target, tmp_path
):
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "file").write_text("kept")
    async with files_of(transport, target) as files:
        await files.make_private_directory(str(tmp_path / "own"))
        deep = place(tmp_path / "own/a/b", create_directories=True)
        await files.upload(source(b"x"), deep, operation_id=OPERATION)
        (tmp_path / "own/a/link").symlink_to(kept)
        await files.remove_directory(str(tmp_path / "own"))
        await files.remove_directory(str(tmp_path / "own"))  # none there is fine

    assert not (tmp_path / "own").exists()
    assert (kept / "file").read_text() == "kept"
