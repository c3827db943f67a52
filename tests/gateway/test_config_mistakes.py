"""Every mistake in a configuration file is told at once, with its line, key and nearest name."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ConfigError
from gateway.config import parse
from tests.gateway.test_config import BASE, preset, provider


def mistakes(text: str, environ: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse(text, "c.yaml", environ or {})
    lines = str(caught.value).splitlines()
    assert all(line.startswith("c.yaml:") for line in lines)
    return [line.removeprefix("c.yaml:") for line in lines]


def test_all_of_them_are_told_at_once_in_the_order_of_the_file_moa_3():
    text = """\
htpp: {}
http: {port: 99999, host: 0.0.0.0}
providers:
  openai: {api: chat_completion}
  b: {api: chat_completions, base_url: "http://h", max_parallel: 0}
  b: {}
moa:
  default_preset: revew
  presets:
    review:
      fanout: every_n:0
      reference_models:
        - {provider: opena, modle: gpt}
        - {provider: openai}
      aggregator: {provider: Moa, model: x, temperature: -1}
"""
    assert mistakes(text) == [
        "1: htpp: there is no such key here (did you mean 'http'?)",
        "2: http.port: should be a whole number from 0 to 65535, not '99999'",
        ("2: http.token: a token is required, for http.host is not this machine alone (127.0.0.1)"),
        (
            "4: providers.openai.api: should be one of chat_completions, responses, messages, "
            "embedded, scripted (did you mean 'chat_completions'?)"
        ),
        "5: providers.b.max_parallel: should be a whole number of at least 1, not '0'",
        "6: providers.b: is written twice (first on line 5)",
        "8: moa.default_preset: there is no preset 'revew' (did you mean 'review'?)",
        (
            "11: moa.presets.review.fanout: should be user_turn, per_iteration or every_n:<N> "
            "with N of at least 1 (did you mean 'every_n:3'?)"
        ),
        (
            "13: moa.presets.review.reference_models.0.modle: there is no such key here "
            "(did you mean 'model'?)"
        ),
        "13: moa.presets.review.reference_models.0.model: is missing",
        (
            "13: moa.presets.review.reference_models.0.provider: there is no provider 'opena' "
            "(did you mean 'openai'?)"
        ),
        "14: moa.presets.review.reference_models.1.model: is missing",
        (
            "15: moa.presets.review.aggregator.temperature: should be a number of at least 0, "
            "not '-1'"
        ),
        (
            "15: moa.presets.review.aggregator.provider: a preset cannot answer for another; "
            "name a provider and its model"
        ),
    ]


# Lines that follow BASE, which has eight of them.
EITHER = "tools.servers.t.command: a server has either a command or a url"
TOP = {
    "http: {port: '80'}": "9: http.port: should be a whole number from 0 to 65535, not '80' in "
    "quotes",
    "http: {port: 80.5}": "9: http.port: should be a whole number from 0 to 65535, not '80.5'",
    "http: {port: [80]}": "9: http.port: should be a whole number from 0 to 65535, not a list",
    "http: {port: {}}": "9: http.port: should be a whole number from 0 to 65535, not a block of "
    "keys",
    "http: here": "9: http: should be a block of keys, not 'here'",
    "http: {host: '::'}": "9: http.token: a token is required, for http.host is not this machine "
    "alone (127.0.0.1)",
    "http: {host: 0.0.0.0, token: ' '}": "9: http.token: a token is required, for http.host is "
    "not this machine alone (127.0.0.1)",
    "http: {keys: {a: {}}}": "9: http.keys.a.token: is missing",
    "http: {token: t, keys: {a: {token: t}}}": "9: http.keys.a.token: is the same as another "
    "token; nobody could tell them apart",
    "http: {keys: {a: {token: t, presets: [q]}}}": "9: http.keys.a.presets.0: there is no preset "
    "'q'",
    "http: {token: [a]}": "9: http.token: should be text, not a list",
    "http: {host: true}": "9: http.host: should be text, not 'true'",
    "timezone: Europe/Berln": "9: timezone: there is no such time zone (did you mean "
    "'Europe/Berlin'?); UTC always works",
    "timezone: /etc/passwd": "9: timezone: there is no such time zone; UTC always works",
    "database: postgresql://me:pw@h/d": "9: database: PostgreSQL is not supported by this version "
    "yet; use sqlite",
    "database: mysql": "9: database: should be sqlite",
    "platforms: {telegram: {token: ''}}": "9: platforms.telegram.token: is blank; take the "
    "platform out, or fill it",
    "platforms: {telegram: }": "9: platforms.telegram.token: is missing",
    "platforms: {slack: {bot_token: x}}": "9: platforms.slack.app_token: is missing",
    "platforms: {slack: {bot_token: x, mode: http, signing_secret: ''}}": "9: platforms.slack."
    "signing_secret: is blank; take the platform out, or fill it",
    "platforms: {telegram: {token: x, mode: poling}}": "9: platforms.telegram.mode: should be "
    "polling or webhook, not 'poling' (did you mean 'polling'?)",
    "platforms: {telegram: {token: x, mode: webhook}}": "9: platforms.telegram.public_url: is "
    "missing: mode: webhook needs the address under which Telegram reaches this",
    "platforms: {telegram: {token: x, webhook_secret: 'a b'}}": "9: platforms.telegram."
    "webhook_secret: should be 1 to 256 letters, digits, '_' and '-', as Telegram has it",
    "platforms: {discord: {token: x, threads: always}}": "9: platforms.discord.threads: should be "
    "auto or never, not 'always'",
    "platforms: {web: {type: telegram, token: x}}": "9: platforms.web: this name is taken; name "
    "the account otherwise",
    "platforms: {slak: {}}": "9: platforms.slak.type: should be one of web, telegram, discord, "
    "slack (did you mean 'slack'?)",
    "platforms: {'a:b': {type: web}}": "9: platforms.a:b: a name is made of letters, digits, '.', "
    "'_' and '-'",
    "platforms: [web]": "9: platforms: should be a block of keys, not a list",
    "defaults: {listen: everything}": "9: defaults.listen: should be all or mention, not "
    "'everything'",
    "defaults: {preset: P2}": "9: defaults.preset: there is no preset 'P2' (did you mean 'p'?)",
    "defaults: {providers: [A2]}": "9: defaults.providers.0: there is no provider 'A2' (did you "
    "mean 'a'?)",
    "channels: [{platform: web}]": "9: channels.0.channel: is missing",
    "channels: [{platform: web, channel: 1, preset: zz}]": "9: channels.0.preset: there is no "
    "preset 'zz'",
    "access: {owners: me}": "9: access.owners: should be a list, not 'me'",
    "access: {owners: [me]}": "9: access.owners.0: should be platform:id, such as "
    "telegram:555000111",
    "access: {public: true}": "9: access.public: everybody may ask, so budgets.total is required",
    "limits: {user: 10/fortnight}": "9: limits.user: should be a rate such as 10/min (s, min, h "
    "or d)",
    "limits: {running: -1}": "9: limits.running: should be a whole number of at least 1, not '-1'",
    "budgets: {turn: -1}": "9: budgets.turn: should be an amount of dollars of at least 0, such "
    "as 2.50",
    "budgets: {on_exceeded: stop}": "9: budgets.on_exceeded: should be downgrade or refuse, not "
    "'stop'",
    "retention: {messages: 90}": "9: retention.messages: should be a time such as 90d or 12h, 0, "
    "or forever",
    "tools: {servers: {t: {}}}": f"9: {EITHER}",
    "tools: {servers: {t: {command: [a], url: 'http://a/'}}}": f"9: {EITHER}",
    "tools: {servers: {t: {url: tools.example.org}}}": "9: tools.servers.t.url: should be an "
    "address such as https://example.org/v1",
    "defaults: {tools: [tme__now]}\ntools: {servers: {time: {command: [a]}}}": "9: defaults.tools."
    "0: there is no tool server 'tme__now' (did you mean 'time'?)",
    "budgets: {turn: {daily: 1}}": "9: budgets.turn: should be an amount of dollars, not a block "
    "of keys",
    "tools: {servers: {t: {command: []}}}": "9: tools.servers.t.command: names a program and its "
    "arguments",
    "tools: {servers: {t: {command: [a], headers: {X-Key: k}}}}": "9: tools.servers.t.headers: are "
    "sent to a url; a command has env",
    "tools: {servers: {t: {url: 'http://a/', cwd: /}}}": "9: tools.servers.t.cwd: is for a command",
    "tools: {servers: {t: {command: [a], timeout: 0}}}": "9: tools.servers.t.timeout: should be a "
    "number above 0, not '0'",
    "prices: {gpt: {input: 1, output: 1}}": "9: prices.gpt: should be provider:model, such as "
    "openai:gpt-5.5",
    "prices: {'a:m': {input: 1}}": "9: prices.a:m.output: is missing",
    "prices: {'aa:m': {input: 1, output: 1}}": "9: prices.aa:m: there is no provider 'aa' (did "
    "you mean 'a'?)",
    "platforms: {telegram: {token_file: /nowhere}}": "9: platforms.telegram.token_file: the file "
    "cannot be read: No such file or directory",
    "platforms: {telegram: {token_file: /dev/null}}": "9: platforms.telegram.token: is blank; take "
    "the platform out, or fill it",
    '"a\\n\\eb": 1': "9: a??b: there is no such key here",
    "data_dir: ${NOWHERE}": "9: data_dir: the variable NOWHERE is not set and has no default",
    "data_dir: ${no-name}": "9: data_dir: a variable is written ${NAME} or ${NAME:-default}",
    "data_dir: a\ndata_dir: b": "10: data_dir: is written twice (first on line 9)",
    "http: {port: ${PORT:-80}}": '9: this is no YAML: inside { } and [ ], quote ${…}: "${NAME}"',
    "http: {keys: {a: {presets: [${P}]}}}": "9: this is no YAML: inside { } and [ ], quote ${…}: "
    '"${NAME}"',
    "data_dir: ${A:-b: c}": "9: this is no YAML: mapping values are not allowed here (a value "
    "with ${…} may need quotes)",
    "http:\n\tport: 1": "10: this is no YAML: a tab stands here; indent with spaces",
    "http: {port: 1, host: localhost\ndata_dir: a": "10: this is no YAML: expected ',' or '}', but "
    "got ':' (is the { of line 9 closed?)",
    "http:\n    port: 1\n  host: a": "11: this is no YAML: this line is not indented as those that "
    "it belongs to",
    "http: {token: 'a-very-long-secret' x}": "9: this is no YAML: expected ',' or '}', but got "
    "more text (is the { of line 9 closed?)",
    "platforms: {slack: {bot_token: xapp-1, app_token: xapp-2}}": "9: platforms.slack.bot_token: "
    "begins with xapp-: that is the app_token",
    "platforms: {slack: {bot_token: xoxb-1, app_token: xoxb-2}}": "9: platforms.slack.app_token: "
    "begins with xoxb-: that is the bot_token",
    "data_dir: !!python/object:os.system x": "9: tags (words that begin with !) are not read; "
    "quote the text",
    "data_dir: *x": "9: this alias (*) has no anchor (&) above it",
    "data_dir: &x [*x]": "9: this alias (*) has no anchor (&) above it",
    "<<: {a: 1}": "9: merge keys (<<) are not YAML 1.2; write the keys out",
    "[a]: b": "9: a key should be text",
    "'': b": "9: a key is empty",
    "---\na: b": "9: a second document begins here; one is read",
    'data_dir: "\\ud800"': "9: half of a character (a surrogate) is no text",
    'data_dir: "\\UFFFFFFFF"': "1: an escaped character or a version number that does not exist",
    "data_dir: \x07": "9: a character that YAML does not allow (U+0007)",
    "data_dir: " + "[" * 60: "9: more than 40 levels deep",
}


@pytest.mark.parametrize(("line", "told"), TOP.items())
def test_a_mistake_is_told_with_line_and_key(line, told):
    assert mistakes(f"{BASE.lstrip()}#\n{line}\n") == [f"{told}"]


PRESET = {
    "fanout: per_turn": "fanout: should be user_turn, per_iteration or every_n:<N> with N of at "
    "least 1 (did you mean 'user_turn'?)",
    "fanout: {mode: every_n}": "fanout: mode every_n needs n, a whole number of at least 1",
    "fanout: {mode: every_n, n: 0}": "fanout.n: should be a whole number of at least 1, not '0'",
    "fanout: {mode: never}": "fanout.mode: should be every_n, per_iteration or user_turn, not "
    "'never' (did you mean 'every_n'?)",
    "fanout: [user_turn]": "fanout: should be text or a block of keys, not a list",
    "quorum: most": "quorum: should be a whole number of at least 1 or all, not 'most'",
    "quorum: 0": "quorum: should be a whole number of at least 1 or all, not '0'",
    "grace: -0.5": "grace: should be a number of at least 0, not '-0.5'",
    "grace: .nan": "grace: should be a number of at least 0, not '.nan'",
    "turn_timeout: .inf": "turn_timeout: should be a number above 0, not '.inf'",
    "reference_timeout: 0": "reference_timeout: should be a number above 0, not '0'",
    "reference_max_tokens: -1": "reference_max_tokens: should be a whole number of at least 0, "
    "not '-1'",
    "max_iterations: 1e3": "max_iterations: should be a whole number of at least 1, not '1e3'",
    "enabled: yes": "enabled: should be true or false, not 'yes'",
    "degraded_reference_policy: quiet": "degraded_reference_policy: should be loud or silent, "
    "not 'quiet'",
    "agregator: {}": "agregator: there is no such key here (did you mean 'aggregator'?)",
    "acting_model: {provider: moa, model: p}": "acting_model.provider: a preset cannot answer for "
    "another; name a provider and its model",
    "acting_model: {provider: a}": "acting_model.model: is missing",
    "acting_model: {provider: '', model: m}": "acting_model.provider: is missing",
    "acting_model: {provider: b, model: m}": "acting_model.provider: there is no provider 'b'",
}


@pytest.mark.parametrize(("line", "told"), PRESET.items())
def test_a_mistake_in_a_preset_is_told(line, told):
    assert mistakes(preset(line)) == [f"9: moa.presets.p.{told}"]


PROVIDER = {
    "": "base_url: is missing",
    "base_url: localhost:1": "base_url: should be an address such as https://example.org/v1",
    "base_url: 'ftp://me:pw@h'": "base_url: should be an address such as https://example.org/v1",
    "base_url: 'http://h:99999'": "base_url: should be an address such as https://example.org/v1",
    "base_url: 'http://h', max_parallel: none": "max_parallel: should be a whole number of at "
    "least 1, not 'none'",
    "base_url: 'http://h', timeouts: {conect: 1}": "timeouts.conect: there is no such key here "
    "(did you mean 'connect'?)",
    "base_url: 'http://h', timeouts: {total: 0}": "timeouts.total: should be a number above 0, "
    "not '0'",
    "base_url: 'http://h', headers: {'a b': c}": "headers.a b: is no name for an HTTP header",
    "base_url: 'http://h', api_key: \"pw\\npw\"": "api_key: has a line break or an invisible "
    "character inside",
    "base_url: 'http://h', model_path: x": "model_path: there is no such key here",
    "base_url: 'http://h', api_key_file: /nowhere/key": "api_key_file: the file cannot be read: "
    "No such file or directory",
    "base_url: 'http://h', api_key: k, api_key_file: /nowhere/key": "api_key_file: api_key is "
    "given too; keep one of the two",
}


@pytest.mark.parametrize(("rest", "told"), PROVIDER.items())
def test_a_mistake_in_a_provider_is_told_once_and_never_its_secret(rest, told):
    text = BASE.replace('base_url: "http://127.0.0.1:9/v1"', rest)
    assert mistakes(text) == [f"3: providers.a.{told}"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "1: moa: is missing"),
        ("# nothing", "1: moa: is missing"),
        ("[]", "1: the file should be a block of keys"),
        ("just words", "1: the file should be a block of keys"),
        ("moa: {presets: {}}", "1: moa.presets: there should be at least one preset"),
        ("moa: {presets: [a]}", "1: moa.presets: should be a block of keys, not a list"),
        ("moa:\n  presets:\n    p:\n", "3: moa.presets.p.aggregator: is missing"),
        ("moa: {}\nproviders: {MoA: {api: embedded}}", "1: moa.presets: is missing"),
        ("x" * (1 << 19) + "y", "1: is longer than 524288 characters"),
    ],
)
def test_a_file_without_a_mixture_is_a_mistake(text, told):
    assert mistakes(text)[0].startswith(told)


@pytest.mark.parametrize("references", ["[]", "[{provider: a, model: m, enabled: false}]"])
def test_nothing_enabled_is_a_mistake_moa_3(references):
    text = BASE.replace("[{provider: a, model: one}]", references)
    assert mistakes(text) == [
        (
            "7: moa.presets.p.reference_models: no reference is enabled; with enabled: false "
            "the aggregator answers alone"
        )
    ]


def test_a_file_of_another_kind_is_not_told_line_by_line():
    told = mistakes("".join(f"k{n}: {n}\n" for n in range(1000)))
    assert len(told) == 101
    assert told[-1] == " and more"


def test_laughs_are_counted_before_they_are_told():
    laughs = "".join(
        f"x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 10) if n else 'ha'}]\n" for n in range(12)
    )
    (told,) = mistakes(laughs)
    assert told == "6: more than 50000 values, aliases included"


# --- secrets ------------------------------------------------------------------------------

KEYS = st.sampled_from(
    [
        "data_dir: V",
        "timezone: V",
        "database: V",
        "http: {port: 'V', token: 'V', keys: {a: {token: 'V', presets: ['V']}, b: {token: 'V'}}}",
        "http:\n  port: V\n  host: V\n  token_file: V",
        "platforms: {telegram: {token: 'V', base_url: 'V', mode: 'V'}, x: {type: 'V'}}",
        "defaults: {preset: 'V', listen: 'V', providers: ['V']}",
        "channels: [{platform: 'V', channel: 'V', preset: 'V'}]",
        "access: {owners: ['V'], public: 'V'}",
        "limits: {user: 'V'}\nretention: {files: 'V'}\nbudgets: {turn: 'V'}",
        "tools: {servers: {t: {command: 'V', approve: 'V'}}}",
    ]
)
SECRETS = st.sampled_from(["sk-hunter2", "hunter2\n", "9hunter2", "hunter2:hunter2", "!hunter2"])


@given(KEYS, SECRETS, st.booleans())
def test_what_a_variable_holds_is_in_no_mistake_and_no_warning(line, secret, in_preset):
    text = BASE + line.replace("V", "${KEY}") + "\nwrong: 1\n"
    if in_preset:
        text = text.replace("model: two}", 'model: two, timeout: "${KEY}"}').replace(
            "provider: a, model: one", 'provider: "${KEY}", model: one, enabled: "${KEY}"'
        )
    told = mistakes(text, {"KEY": secret})
    assert "hunter2" not in "\n".join(told)
    assert any("wrong: there is no such key" in line for line in told)


@pytest.mark.parametrize(
    "line",
    [
        "token: [hunter2",
        "token: 'hunter2",
        "token: !hunter2! x",
        "token: *hunter2",
        "token: @hunter2",
        "token: %hunter2",
        "token: {hunter2: hunter2",
        "token: &hunter2 &b",
    ],
)
def test_a_secret_that_is_no_yaml_is_not_repeated(line):
    assert "hunter2" not in "\n".join(mistakes(BASE + "http:\n  " + line + "\n"))


@pytest.mark.parametrize(
    "rest", ["api_key: [hunter2]", "headers: hunter2", "headers: {a: [hunter2]}"]
)
def test_a_secret_of_a_wrong_shape_is_not_repeated(rest):
    (told,) = mistakes(provider(f", {rest}").replace("hunter2]", "hunter2, b]"))
    assert re.match(r"3: providers\.a\.(api_key|headers)", told)
    assert rest.startswith("headers: h") or "hunter2" not in told


# --- anything at all ----------------------------------------------------------------------


def told(text: str, environ: dict[str, str]) -> list[str]:
    """Read a file, and give what is wrong with it, if anything is."""
    try:
        parse(text, "c.yaml", environ)
    except ConfigError as error:
        return str(error).splitlines()
    return []


@given(st.text())
def test_no_text_raises_anything_else(text):
    assert all(line.startswith("c.yaml:") for line in told(text, {}))


WORDS = st.sampled_from(
    ["moa", "presets", "p", "aggregator", "reference_models", "provider", "model", "a", "api",
     "providers", "http", "port", "token", "token_file", "platforms", "telegram", "type", "${A}",
     "fanout", "${A:-1}", "1", "-1", "null", "~", "true", "*x", "&x", "!t", "- ", ": ", "{", "}",
     "[", "]", ",", "\n", "\n  ", "\n    ", "'", '"', "#", "|", ">", "?", "<<", "---", "%YAML 1.2"]
)  # fmt: skip


@given(st.lists(WORDS, max_size=40).map(" ".join), st.sampled_from(["", "1", "moa"]))
def test_no_yaml_raises_anything_else(text, value):
    assert all(line.startswith("c.yaml:") for line in told(BASE + text, {"A": value}))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(["a", "", "moa"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["provider", "model", "fallbacks", "mode", "n", "x", "token", "api"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)
PLACES = st.sampled_from(
    ["moa", "moa.presets", "moa.presets.p", "moa.presets.p.aggregator", "http", "http.keys",
     "moa.presets.p.reference_models", "moa.presets.p.fanout", "providers", "providers.a",
     "platforms", "platforms.slack", "prices", "channels", "tools", "budgets", "access"]
)  # fmt: skip


@given(PLACES, JSON)
def test_no_value_in_any_place_raises_anything_else(place, value):
    text = repr(value).replace("True", "true").replace("False", "false").replace("None", "null")
    keys = place.split(".")
    nested = ": {".join(keys[:-1]) + (": {" if keys[1:] else "") + f"{keys[-1]}: {text}"
    whole = "{" + nested + "}" * (len(keys) - 1) + "}"
    assert all(line.startswith("c.yaml:") for line in told(whole, {}))


@pytest.mark.parametrize("rest", ["", ", answers: {'*': x}, script: s.yaml"])
def test_a_scripted_provider_has_one_script(rest):
    text = BASE.replace("  a: {", f"  s: {{api: scripted{rest}}}\n  a: {{")
    assert mistakes(text) == ["3: providers.s: a scripted provider has either answers or a script"]


def test_the_name_of_presets_is_no_name_for_a_provider_moa_6():
    assert mistakes(BASE.replace("  a: {", "  MoA: {api: embedded}\n  a: {")) == [
        "3: providers.MoA: this name is taken: presets themselves go by it (moa/NAME)"
    ]
