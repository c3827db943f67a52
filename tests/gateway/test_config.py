"""A configuration file says what it says: values, variables, secrets, presets, warnings."""

from datetime import UTC
from decimal import Decimal
from pathlib import Path
from textwrap import dedent
from zoneinfo import ZoneInfo

import pytest

from core.errors import ConfigError
from core.presets import Cadence
from gateway.config import Config, describe, load, missing, parse
from gateway.config.model import Telegram
from gateway.config.providers import ChatCompletions, Messages

HERE = Path(__file__).parent
EXAMPLE = HERE.parents[1] / "config.example.yaml"

BASE = """
providers:
  a: {api: chat_completions, base_url: "http://127.0.0.1:9/v1"}
moa:
  presets:
    p:
      reference_models: [{provider: a, model: one}]
      aggregator: {provider: a, model: two}
"""


def read(extra: str = "", environ: dict[str, str] | None = None) -> Config:
    return parse(BASE + dedent(extra), "config.yaml", environ or {})


def preset(lines: str) -> str:
    """The smallest file with more lines in its preset."""
    return BASE + "".join(f"      {line}\n" for line in dedent(lines).strip().splitlines())


# --- whole files --------------------------------------------------------------------------


def test_the_minimal_file_of_the_readme_needs_no_variable():
    config = load(HERE / "minimal.yaml", {})
    assert config.settings.http.port == 8080
    assert config.catalogue.default == "review"
    assert missing(config.providers["openai"]) == "no key"
    assert config.unavailable(config.catalogue.get("review")) == "openai: no key"
    assert config.warnings == ()


def test_the_minimal_file_takes_its_variables():
    config = load(HERE / "minimal.yaml", {"PORT": "0", "OPENAI_API_KEY": "k"})
    assert config.settings.http.port == 0
    assert config.unavailable(config.catalogue.get("review")) == ""


def needed() -> list[str]:
    """The variables of the example that have no default, as its own mistakes tell them."""
    with pytest.raises(ConfigError) as caught:
        load(EXAMPLE, {})
    lines = str(caught.value).splitlines()
    assert all("is not set and has no default" in line for line in lines)
    return [line.split("variable ")[1].split()[0] for line in lines]


def test_the_example_asks_for_the_tokens_of_bots_alone():
    assert needed() == [
        "TELEGRAM_BOT_TOKEN",
        "DISCORD_BOT_TOKEN",
        "SLACK_BOT_TOKEN",
        "SLACK_APP_TOKEN",
        "SLACK_EU_BOT_TOKEN",
        "SLACK_EU_APP_TOKEN",
    ]


@pytest.mark.parametrize("more", [{}, {"OPENAI_API_KEY": "k", "ANTHROPIC_API_KEY": "k"}])
def test_the_example_loads(more):
    config = load(EXAMPLE, dict.fromkeys(needed(), "x") | more)
    assert list(config.catalogue.presets) == ["review", "everything", "alone"]
    assert config.settings.budgets.turn == Decimal(1)
    assert config.settings.prices["openai:gpt-5.5"].cache_read == Decimal("0.125")
    keep = config.settings.retention.messages
    assert keep is not None
    assert keep.seconds == 90 * 86400
    rate = config.settings.limits.user
    assert rate is not None
    assert (rate.number, rate.seconds) == (10, 60)
    review = config.catalogue.get("moa/review")
    assert config.unavailable(review) == ("" if more else "anthropic: no key")


def test_a_file_that_is_not_there_is_a_mistake_of_the_operator(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        load(tmp_path / "config.yaml", {})


def test_a_file_that_is_no_text_is_named_with_its_line(tmp_path):
    path = tmp_path / "c.yaml"
    path.write_bytes(b"moa:\n  x: \xff\n")
    with pytest.raises(ConfigError, match=r"c\.yaml:2: the file is no UTF-8 text"):
        load(path, {})


def test_a_byte_order_mark_is_no_mistake(tmp_path):
    path = tmp_path / "c.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + BASE.encode())
    assert load(path, {}).catalogue.default == "p"


# --- YAML 1.2 -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        ("off", "off"),
        ("no", "no"),
        ("yes", "yes"),
        ("1:30", "1:30"),
        ("010", 10),
        ("0o10", 8),
        ("0x10", 16),
        ("1_000", "1_000"),
        ("2026-01-01", "2026-01-01"),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("true", True),
        ("FALSE", False),
        ("'true'", "true"),
        ("'1'", "1"),
        ("!!str 1", "1"),
        ("~", None),
        ("", None),
        ("[1, {b: no}]", [1, {"b": "no"}]),
    ],
)
def test_scalars_are_those_of_yaml_1_2(written, read_as):
    config = parse(
        preset("aggregator_temperature: 0").replace(
            "model: two}", f"model: two, extra_body: {{x: {written}}}}}"
        ),
        "c",
        {},
    )
    assert config.catalogue.get("p").aggregator.extra_body == {"x": read_as}


def test_ids_are_text_even_when_written_as_numbers():
    config = read(
        "channels: [{platform: web, channel: -100123, thread: 010}]\nplatforms: {web: {}}"
    )
    assert config.settings.channels[0].channel == "-100123"
    assert config.settings.channels[0].thread == "010"


def test_an_alias_stands_for_its_anchor():
    text = BASE.replace("aggregator: {", "aggregator: &slot {") + "      acting_model: *slot\n"
    preset = parse(text, "c", {}).catalogue.get("p")
    assert preset.synthesizer == preset.aggregator


# --- variables ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("environ", "port"), [({}, 8080), ({"PORT": ""}, 8080), ({"PORT": "81"}, 81)]
)
def test_a_plain_scalar_is_resolved_again_once_its_variable_is_in_it(environ, port):
    assert read("http:\n  port: ${PORT:-8080}", environ).settings.http.port == port


def test_a_variable_that_is_blank_leaves_the_default_of_the_key():
    assert read("http:\n  port: ${PORT}", {"PORT": ""}).settings.http.port == 8080


def test_variables_stand_inside_of_text():
    config = read("data_dir: ${A}/${B:-b}/$${C}", {"A": "a"})
    assert config.settings.data_dir == "a/b/${C}"


def test_a_variable_cannot_bring_in_structure():
    config = read("data_dir: ${A}", {"A": "x\nhttp: {port: 1}"})
    assert config.settings.data_dir == "x\nhttp: {port: 1}"
    assert config.settings.http.port == 8080


# --- secrets ------------------------------------------------------------------------------


def test_every_secret_of_the_file_is_known_to_whoever_strikes_them_out():
    text = provider(", api_key: of-a, headers: {X: of-x}") + dedent("""
        http: {token: of-the-owner, keys: {ci: {token: of-a-key}}}
        platforms:
          telegram: {token: of-telegram}
          slack: {bot_token: of-slack, app_token: of-sockets}
    """)
    known = parse(text, "config.yaml", {}).secrets
    tokens = {"of-the-owner", "of-a-key", "of-telegram", "of-slack", "of-sockets"}
    assert tokens | {"of-a", "of-x"} <= set(known)


def provider(rest: str) -> str:
    return BASE.replace('/v1"}', f'/v1"{rest}}}')


@pytest.mark.parametrize(
    ("rest", "reason"),
    [
        ("", ""),
        (", api_key: null", ""),
        (", api_key: k", ""),
        (", api_key: ''", "no key"),
        (", api_key: ", "no key"),
        (", api_key: ' '", "no key"),
        (', api_key: "${KEY:-}"', "no key"),
    ],
)
def test_a_key_left_out_is_none_and_a_blank_one_leaves_the_provider_out(rest, reason):
    config = parse(provider(rest), "c", {})
    assert missing(config.providers["a"]) == reason
    assert config.unavailable(config.catalogue.get("p")) == (f"a: {reason}" if reason else "")


def test_a_fallback_with_a_key_makes_a_preset_available():
    text = (
        provider(", api_key: ''")
        .replace("model: two}", "model: two, fallbacks: [{provider: b, model: x}]}")
        .replace("moa:\n", "  b: {api: embedded}\nmoa:\n")
    )
    config = parse(text, "c", {})
    assert config.unavailable(config.catalogue.get("p")) == ""


def test_a_secret_comes_from_a_file_without_its_last_line_break(tmp_path):
    (tmp_path / "key").write_text("sk-1\n")
    config = parse(provider(f', api_key_file: "{tmp_path}/key"'), "c", {})
    made = config.providers["a"]
    assert isinstance(made, ChatCompletions)
    assert made.api_key is not None
    assert made.api_key.reveal() == "sk-1"


def test_no_secret_shows_in_a_printed_configuration():
    environ = {"KEY": "hunter2", "TOKEN": "hunter3"}
    text = (
        provider(', api_key: "${KEY}", headers: {X-Key: "${KEY}"}') + "http:\n  token: ${TOKEN}\n"
    )
    config = parse(text, "c", environ)
    assert "hunter" not in repr(config)
    assert "hunter" not in str(config.settings.http.token)
    assert config.providers["a"].sent_headers() == {"X-Key": "hunter2"}


def test_a_blank_header_is_not_sent():
    config = parse(provider(', headers: {A: "${A:-}", B: b}'), "c", {})
    assert config.providers["a"].sent_headers() == {"B": "b"}


# --- presets ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "cadence"),
    [
        ("user_turn", Cadence(mode="user_turn")),
        ("per_iteration", Cadence(mode="per_iteration")),
        ("every_n:3", Cadence(mode="every_n", n=3)),
        ("every_n:1", Cadence(mode="per_iteration")),
        ("{mode: every_n, n: 4}", Cadence(mode="every_n", n=4)),
        ("{mode: every_n, n: 1}", Cadence(mode="per_iteration")),
        ("{mode: user_turn}", Cadence(mode="user_turn")),
        ("", Cadence(mode="per_iteration")),
        ("null", Cadence(mode="per_iteration")),
    ],
)
def test_fanout_in_each_of_its_forms_moa_23(written, cadence):
    assert parse(preset(f"fanout: {written}"), "c", {}).catalogue.get("p").fanout == cadence


def test_null_and_blank_are_unset_and_zero_is_zero_moa_2_moa_4():
    lines = """
        reference_temperature: 0
        aggregator_temperature: ''
        reference_max_tokens: null
        quorum:
        grace: 0
    """
    made = parse(preset(lines), "c", {}).catalogue.get("p")
    assert made.reference_temperature == 0
    assert made.aggregator_temperature is None
    assert made.reference_max_tokens is None
    assert made.quorum is None
    assert made.grace == 0


def test_a_slot_keeps_all_it_says_trimmed_moa_1():
    text = BASE.replace(
        "{provider: a, model: one}",
        '{provider: " a ", model: " one ", temperature: 0, max_tokens: 5, timeout: 2.5, '
        "vision: true, context_window: 9, reasoning_effort: off, extra_body: {k: [1]}, "
        "role: skeptic, required: true, fallbacks: [{provider: a, model: three}]}",
    )
    slot = parse(text, "c", {}).catalogue.get("p").references[0]
    assert (slot.label, slot.temperature, slot.max_tokens) == ("a:one", 0, 5)
    assert (slot.timeout, slot.vision, slot.context_window) == (2.5, True, 9)
    assert (slot.reasoning_effort, slot.extra_body) == ("off", {"k": [1]})
    assert (slot.role, slot.required, slot.enabled) == ("skeptic", True, True)
    assert slot.fallbacks[0].label == "a:three"


def test_a_preset_inherits_the_privacy_filter_unless_it_says_off():
    text = preset("privacy_filter: off").replace("moa:\n", "moa:\n  privacy_filter: full\n")
    assert parse(text, "c", {}).catalogue.get("p").privacy_filter is None
    bare = BASE.replace("moa:\n", "moa:\n  privacy_filter: full\n")
    assert parse(bare, "c", {}).catalogue.get("p").privacy_filter == "full"


def test_a_reference_to_a_preset_is_read_and_said_to_be_skipped_moa_6():
    text = BASE.replace("[{provider: a,", "[{provider: MoA, model: p}, {provider: a,")
    assert "  reference 1: MoA:p (skipped: a preset cannot advise another)" in describe(
        parse(text, "c", {})
    )


def test_a_disabled_preset_needs_no_reference_moa_7():
    text = BASE.replace("      reference_models: [{provider: a, model: one}]\n", "")
    made = parse(text + "      enabled: false\n", "c", {}).catalogue.get("p")
    assert not made.enabled
    assert made.references == ()


def test_reserved_and_virtual_names_are_read_moa_2():
    text = BASE.replace("    p:\n", "    off:\n").replace(
        "moa:\n", "moa:\n  default_preset: moa/off\n"
    )
    config = parse(text, "c", {})
    assert config.catalogue.default == "off"
    assert "  its name is also a word of /moa: choose it as moa/off" in describe(config)


# --- warnings -----------------------------------------------------------------------------


def test_keys_of_other_agents_are_ignored_with_one_warning_each_moa_2():
    text = preset("max_tokens: 4096\nactive_preset: x").replace(
        "moa:\n", "moa:\n  max_tokens: 1\n  active_preset: p\n"
    )
    assert [each.split(": is")[0] for each in parse(text, "c.yaml", {}).warnings] == [
        "c.yaml:5: moa.max_tokens",
        "c.yaml:6: moa.active_preset",
    ]


@pytest.mark.parametrize(
    "extra",
    [
        (
            "defaults: {preset: p, locked: true, listen: all, threads: mention, advisors: line,"
            " cost: off, notify: never, session: channel, busy: steer, introduce: true}"
        ),
        "privacy: {operator_contact: Ann}\ndefaults: {introduce: false}",
        "access: {owners: ['telegram:5']}\nplatforms: {telegram: {token: x}}",
        (
            "access: {allow: ['eu:T1'], guests: true}\n"
            "platforms: {eu: {type: slack, bot_token: x, app_token: y}}"
        ),
    ],
)
def test_what_this_version_does_is_no_warning(extra):
    assert read(extra).warnings == ()


def test_a_messenger_that_lets_nobody_in_is_said():
    (warning,) = read("platforms: {telegram: {token: x}}").warnings
    assert "platforms.telegram: nobody is let in" in warning
    assert "telegram:ID" in warning


def test_a_webhooks_secret_is_made_of_the_token_and_kept_as_one():
    hook = "mode: webhook, public_url: 'https://bot.example.org'"
    made = read(f"platforms: {{telegram: {{token: abcdef, {hook}}}}}")
    telegram = made.settings.platforms["telegram"]
    assert isinstance(telegram, Telegram)
    secret = telegram.hook_secret.reveal()
    assert len(secret) == 64
    assert secret in made.secrets
    given = read(f"platforms: {{telegram: {{token: abcdef, {hook}, webhook_secret: s3-c_ret}}}}")
    telegram = given.settings.platforms["telegram"]
    assert isinstance(telegram, Telegram)
    assert telegram.hook_secret.reveal() == "s3-c_ret"


def test_a_preset_that_is_kept_for_nobody_who_could_come_is_said():
    (warning,) = parse(preset("allow: ['wep:1']"), "c", {}).warnings
    assert warning.endswith("moa.presets.p.allow.0: there is no platform 'wep'")


def test_a_version_of_the_messages_format_is_a_day():
    messages = BASE.replace("api: chat_completions", "api: messages, version: 2026-10-21")
    read_ = parse(messages, "c", {})
    (provider,) = read_.settings.providers.values()
    assert isinstance(provider, Messages)
    assert provider.version == "2026-10-21"
    assert read_.unavailable(read_.catalogue.get("p")) == ""
    with pytest.raises(ConfigError, match="should be a day such as 2023-06-01"):
        parse(messages.replace("2026-10-21", "new"), "c", {})


def test_a_temperature_that_the_newer_messages_refuse_is_said():
    def told(version):
        base = BASE.replace("api: chat_completions", f"api: messages, version: {version}")
        base = base.replace("model: one", "model: one, temperature: 0.3")
        return [each for each in parse(base, "c", {}).warnings if "temperature" in each]

    assert told("2023-06-01") == []
    (warning,) = told("2026-10-21")
    assert "reference_models.0.temperature: is not sent: from version 2026-10-21 on" in warning
    acts = preset("acting_model: {provider: a, model: acts, temperature: 0.3}")
    text = acts.replace("api: chat_completions", "api: messages, version: 2026-10-21")
    (warning,) = parse(text, "c", {}).warnings
    assert "p.acting_model.temperature: is not sent" in warning


@pytest.mark.parametrize("key", ["aggregator_temperature", "reference_temperature"])
def test_a_temperature_of_0_that_they_refuse_is_said_as_any_other(key):
    file = preset(f"{key}: 0").replace("chat_completions", "messages, version: 2026-10-21")
    warnings = parse(file, "c", {}).warnings
    assert any(f"{key}: is not sent: from version 2026-10-21 on" in each for each in warnings)


def test_a_platform_that_nobody_configured_is_said():
    config = read("""
        platforms: {web: {}}
        channels: [{platform: wep, channel: 1}]
        access: {deny: ["slack:U1", "web:2"]}
    """)
    strangers = tuple(each for each in config.warnings if "there is no platform" in each)
    assert strangers == (
        "config.yaml:11: channels.0.platform: there is no platform 'wep' (did you mean 'web'?)",
        "config.yaml:12: access.deny.0: there is no platform 'slack'",
    )


def test_a_quorum_that_nothing_can_reach_is_said():
    (warning,) = parse(preset("quorum: 2"), "c", {}).warnings
    assert warning.endswith(
        "moa.presets.p.quorum: is above the number of advisors (1): all of them are waited for"
    )
    for fits in ("quorum: 1", "quorum: all", "quorum: 2\nenabled: false"):
        assert parse(preset(fits), "c", {}).warnings == ()


def test_a_plain_file_warns_of_nothing():
    assert read("platforms: {web: {enabled: true}}\nbudgets: {}").warnings == ()
    keys = "http: {keys: {k: {token: t, budgets: {daily: 1}}}}"
    assert read(f"{keys}\nbudgets: {{turn: 1}}").warnings == ()


# --- what follows from it -----------------------------------------------------------------


def test_places_and_the_zone_follow_from_the_file():
    config = read("data_dir: d\ntimezone: Europe/Berlin")
    assert config.database_file == Path("d/moa-gateway.db")
    assert config.trace_dir == Path("d/traces")
    assert config.zone == ZoneInfo("Europe/Berlin")
    assert read().zone == UTC
    named = parse(BASE.replace("moa:\n", "moa:\n  trace_dir: /t\n"), "c", {})
    assert named.trace_dir == Path("/t")


def test_a_check_says_what_each_cadence_costs_moa_23():
    lines = describe(parse(preset("max_iterations: 10"), "c", {}))
    assert lines == [
        "preset p (default): ready",
        "  reference 1: a:one",
        "  aggregator: a:two",
        (
            "  per_iteration: asks again after every tool round, up to 10 reference calls for each "
            "message; fanout: user_turn makes it 1"
        ),
    ]
    every = describe(parse(preset("max_iterations: 10\nfanout: every_n:4"), "c", {}))
    assert every[-1] == (
        "  every_n:4: asks again at every 4 tool rounds, up to 3 reference calls for each message"
    )
    once = describe(parse(preset("fanout: user_turn"), "c", {}))
    assert once[-1] == "  user_turn: 1 reference call for each message"


def test_a_check_numbers_references_as_panel_and_block_do_moa_12():
    """One that is off has no number there, so whoever looks a number up finds the same model."""
    text = BASE.replace(
        "reference_models: [", "reference_models: [{provider: a, model: x, enabled: false}, "
    )
    config = parse(text, "c", {})
    shown = [line for line in describe(config) if "reference " in line and "a:" in line]
    assert shown[:2] == ["  reference off: a:x", "  reference 1: a:one"]
    (active,) = config.catalogue.get("p").active
    assert active.label == "a:one"


def test_a_check_says_what_is_unavailable_and_why_moa_7():
    text = provider(", api_key: ''") + "      enabled: false\n"
    assert describe(parse(text, "c", {})) == [
        "preset p (default): unavailable (a: no key)",
        "  reference 1: a:one (skipped: no key)",
        "  aggregator: a:two",
        "  references: off, the aggregator answers alone",
        "provider a: unavailable (no key)",
    ]


def test_a_check_says_who_steps_in_and_what_may_be_spent_moa_29_30():
    text = preset("fanout: user_turn\nprivacy_filter: full").replace(
        "model: two}", "model: two, fallbacks: [{provider: a, model: three}]}"
    )
    more = """
    http: {keys: {ci: {token: a-token, budgets: {daily: 5}}}}
    budgets: {user: {daily: 2, monthly: 30}, turn: 0.5, on_exceeded: refuse, unpriced: 1}
    """
    assert describe(parse(text + dedent(more), "c", {})) == [
        "preset p (default): ready",
        "  reference 1: a:one",
        "  aggregator: a:two (else a:three)",
        "  privacy_filter: full",
        "  user_turn: 1 reference call for each message",
        "budget user: $2.00 a day, $30.00 a month",
        "budget key ci: $5.00 a day",
        "budget turn: $0.500 for one question",
        "where a budget is used up: no new question is taken",
    ]


def test_a_check_says_that_an_acting_model_without_references_answers_alone_moa_39():
    text = preset("enabled: false\nauto: true\nacting_model: {provider: a, model: acts}")
    assert describe(parse(text, "c", {})) == [
        "preset p (default): ready",
        "  reference 1: a:one",
        "  acting model: a:acts (answers and uses the tools)",
        "  references: off, the acting model answers alone",
    ]
