"""P9 on all three messengers, with the real program: a full disk, and a file that is damaged."""

from __future__ import annotations

import pytest

from tests.gateway.harness import refused_gateway
from tests.gateway.messenger_scene import scene
from tests.gateway.test_full_disk import complaints, no_space, space_again, unmeasured
from tests.promises.test_p3_one_process import CONFIG

pytestmark = pytest.mark.usefixtures(unmeasured.__name__)
ONCE = {"a": 1, "b": 1, "big": 1}


async def test_p9_what_is_asked_while_the_disk_is_full_is_answered_when_there_is_space(tmp_path):
    """It is not acknowledged: the platforms keep it, and offer it again."""
    async with scene(tmp_path, "dm") as there, there.started() as process:
        await there.ask("Hello?")
        await there.answered()
        no_space(process)
        await there.ask()
        await process.logged("store_takes_nothing")
        assert not there.models.about("How do I get there?")
        space_again(process)
        await there.answered(2)
        await process.logged("store_takes_data_again")
        there.holds(answers=2)
        there.cost(ONCE)
        (line,) = complaints(process)
        assert "no restart is needed" in line
        assert not any("Traceback" in each for each in process.stderr)


async def test_p9_a_damaged_file_is_named_at_start_and_left_as_it_is(tmp_path):
    async with scene(tmp_path, "dm") as there, there.started():
        await there.ask()
        await there.answered()
    path = tmp_path / "data" / "moa-gateway.db"
    broken = bytearray(path.read_bytes())
    page = int.from_bytes(broken[16:18])
    for start in range(page, len(broken), page):
        broken[start : start + 64] = b"\xa5" * 64
    path.write_bytes(broken)
    code, said = await refused_gateway(CONFIG.format(url="http://127.0.0.1:9/v1"), tmp_path)
    assert code == 2
    assert f"{path} is no usable database" in said
    assert "It was left as it is" in said
    assert "Then start again." in said
    assert "Traceback" not in said
    assert path.read_bytes() == broken
