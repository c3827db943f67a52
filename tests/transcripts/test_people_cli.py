"""What is kept of people, read, taken along and deleted from a shell; the gateway runs or rests."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.gateway.harness import completed, running_gateway
from tests.gateway.test_cli import run
from tests.transcripts.stages import Stage
from tests.transcripts.test_forgetting import CANARY, KEPT, configured, holding

MODELS = {
    "a": [f"Advice on {CANARY}.", "Run."],
    "b": "Walk.",
    "big": [f"On {CANARY}.", f"It is {KEPT}."],
}


def filed(text: str, folder: Path) -> tuple[str, str]:
    file = folder / "config.yaml"
    file.write_text(completed(text, folder))
    return "--config", str(file)


async def spoken(stage: Stage) -> str:
    """Have Ann and Ben ask something in private and in the group; give Ann's name in a shell."""
    await stage.ask(f"What is {CANARY}?")
    await stage.answered(CANARY)
    await stage.ask("And the bird?", where="group", who=stage.ben)
    await stage.answered(KEPT, where="group")
    return f"{stage.platform}:{stage.ann.id}"


async def test_a_person_is_exported_and_erased_while_the_gateway_runs(stage, tmp_path):
    text = configured(stage, MODELS)
    file = filed(text, tmp_path)
    async with running_gateway(text, tmp_path) as gateway:
        ann = await spoken(stage)
        code, out, err = await run("people", "export", ann, "--to", "out", *file, folder=tmp_path)
        assert (code, err) == (0, ""), err
        found = json.loads((tmp_path / "out" / "person.json").read_text())
        assert found["person"] == ann
        (session,) = found["sessions"]
        assert session["exchanges"][0]["question"] == f"What is {CANARY}?"
        assert CANARY in session["exchanges"][0]["advice"][0]["text"]
        assert len(session["traces"]) == 1
        (tmp_path / "out" / "person.json").unlink()
        code, _, err = await run("people", "erase", ann, *file, folder=tmp_path)
        assert code == 1  # nobody said yes
        assert holding(tmp_path / "data")
        code, out, err = await run("people", "erase", ann, "--yes", *file, folder=tmp_path)
        assert (code, err) == (0, ""), err
        assert "1 question with its answer" in out
        assert holding(tmp_path / "data") == []
        assert holding(tmp_path / "data", KEPT)
        views = [each.key for each in await gateway.store.audited(last=9)]
        assert any(each.startswith("view: export of") for each in views)


async def test_a_person_is_erased_while_no_gateway_runs(stage, tmp_path):
    text = configured(stage, MODELS)
    file = filed(text, tmp_path)
    async with running_gateway(text, tmp_path):
        ann = await spoken(stage)
    (tmp_path / "data" / "moa-gateway.db.v3.backup").write_text(CANARY)
    code, out, err = await run("people", "erase", ann, "--yes", *file, folder=tmp_path)
    assert (code, err) == (0, ""), err
    assert "1 copy of the data" in out
    assert holding(tmp_path / "data") == []
    assert holding(tmp_path / "data", KEPT)
    code, out, _ = await run("people", "erase", ann, "--yes", *file, folder=tmp_path)
    assert (code, out) == (0, "Deleted: nothing.\n")


async def test_what_was_said_in_private_is_hidden_unless_the_file_says_so_and_then_noted(
    stage, tmp_path
):
    text = configured(stage, MODELS)
    file = filed(text, tmp_path)
    async with running_gateway(text, tmp_path):
        await spoken(stage)
        code, out, _ = await run("sessions", "list", "--json", *file, folder=tmp_path)
        assert code == 0
        assert CANARY not in out
        listed = {each["private"]: each for each in json.loads(out)}
        assert listed[True]["title"] is None
        assert "bird" in listed[False]["title"]
        dm, group = listed[True]["session"], listed[False]["session"]
        code, out, err = await run("sessions", "export", dm, *file, folder=tmp_path)
        assert code == 2
        assert "admins_see_dms" in err
        code, out, _ = await run("sessions", "export", group, *file, folder=tmp_path)
        assert code == 0
        assert KEPT in json.loads(out)["exchanges"][0]["answer"]
    seen = text.replace("operator_contact", "admins_see_dms: true, operator_contact")
    filed(seen, tmp_path)
    async with running_gateway(seen, tmp_path) as gateway:
        code, out, _ = await run("sessions", "list", *file, folder=tmp_path)
        assert CANARY in out
        code, out, _ = await run("sessions", "export", dm, *file, folder=tmp_path)
        assert CANARY in out
        noted = [(each.scope, each.by) for each in await gateway.store.audited(last=9)]
        assert ("sessions", "command line") in noted
        assert (f"session:{dm}", "command line") in noted
        code, out, _ = await run("sessions", "delete", dm, "--yes", *file, folder=tmp_path)
        assert code == 0
        assert holding(tmp_path / "data") == []


@pytest.mark.parametrize("person", ["ann", ":", "telegram:"])
async def test_who_is_named_by_no_id_is_nobody(tmp_path, person):
    text = (
        'providers: {p: {api: scripted, answers: {"*": x}}}\nmoa: {presets: {p: {enabled: false, '
    )
    text += "aggregator: {provider: p, model: m}}}}"
    code, _, err = await run(
        "people", "erase", person, "--yes", *filed(text, tmp_path), folder=tmp_path
    )
    assert code == 2
    assert "PLATFORM:ID" in err
