import pytest
import pytest_asyncio

from adapters.llm.chat_completions import ChatCompletions
from adapters.llm.embedded import EmbeddedOptions
from adapters.llm.wire import Endpoint, open_session
from tests.adapters.llm.asking import call, hear
from tests.adapters.llm.embedded_model import MODELS, answer, asked, kept_running
from tests.simulators.provider import ProviderSimulator


@pytest.fixture
async def session():
    async with open_session() as opened:
        yield opened


@pytest.fixture
async def ask(session):
    """Ask a simulated model with one planned reply, and hear its answer to the end."""

    async def asking(reply, request=None, **endpoint):
        async with ProviderSimulator({"m": reply}) as simulator:
            model = ChatCompletions(session, Endpoint(base_url=simulator.base_url, **endpoint))
            return await hear(model, request or call())

    return asking


@pytest.fixture
async def provider():
    """A simulated provider, any model of which says hello."""
    async with ProviderSimulator() as simulator:
        yield simulator


@pytest.fixture
def model(session, provider):
    """Our codec for it."""
    return ChatCompletions(session, Endpoint(base_url=provider.base_url))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shared():
    """One running model for all tests that do it no harm."""
    async with kept_running(EmbeddedOptions(folder=MODELS, patience=280)) as model:
        await answer(model, asked("Hi", max_tokens=1))
        yield model
