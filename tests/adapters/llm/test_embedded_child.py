"""Shows that every way in which the model's process fails to start is told, and leaves nothing."""

import shutil
import sys
import venv
from pathlib import Path

import pytest

from adapters.llm.embedded_child import running
from core.errors import ConfigError, GatewayError, ModelUnreachable


@pytest.fixture
def model(tmp_path) -> Path:
    path: Path = tmp_path / "mine.gguf"
    path.write_bytes(b"no model")
    return path


async def failure(model: Path, *, python: str = sys.executable, within: float = 20) -> GatewayError:
    with pytest.raises(GatewayError) as caught:
        async with running(model, python=python, within=within):
            pass
    return caught.value


async def test_an_interpreter_that_is_not_there(model):
    error = await failure(model, python="/no/such/python")
    assert isinstance(error, ModelUnreachable)
    assert "cannot be started" in str(error)


async def test_a_process_that_dies_at_once(model):
    error = await failure(model, python=shutil.which("true") or "true")
    assert isinstance(error, ModelUnreachable)
    assert "died while it loaded mine.gguf" in str(error)


async def test_a_model_that_takes_too_long(model):
    error = await failure(model, within=0.001)
    assert isinstance(error, ModelUnreachable)
    assert "not loaded within 0.001 s" in str(error)


async def test_an_environment_without_the_engine(model, tmp_path):
    venv.create(tmp_path / "bare", symlinks=True)
    error = await failure(model, python=str(tmp_path / "bare/bin/python"))
    assert isinstance(error, ConfigError)
    assert "engine does not load: No module named 'xllamacpp'" in str(error)


async def test_a_file_that_is_no_model(model):
    error = await failure(model)
    assert isinstance(error, ConfigError)
    assert "mine.gguf is no GGUF file" in str(error)
