"""Whether a question is worth asking all advisors, for presets that are `auto` (MOA-35).

Decides by rules alone, from the transcript: the last user line and what stands before it. Nobody is
asked, the same transcript is always judged alike, and tool rounds after the question change
nothing. It never decides anything for a preset that is not `auto`.

The rules, in this order; the first that fits decides:

1. A remark of one or two short words without a question mark ("thanks", "ok") is answered alone.
2. What comes with pictures or files goes to the advisors.
3. So does what is long, has several lines or asks several things,
4. holds code or a link,
5. or asks to weigh, explain, plan or check something, where its language is known here.
6. So does what follows on a question that itself would have gone to them by rules 2 to 5.
7. Anything else is a short plain question: the aggregator answers alone.

Rules 1 to 4 and 6 know no language. Length counts letters: a Chinese character says as much as
three of them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final
from unicodedata import east_asian_width

from core.presets import Preset
from core.types import Line

LONG: Final = 140
"""So many letters make a question long."""
WIDE: Final = 3
"""Letters that a wide character, as Chinese or Japanese are written in, stands for."""
REMARK: Final = 24
REMARK_WORDS: Final = 2
LINES: Final = 3

_QUESTION_MARKS: Final = re.compile(r"[?？؟⸮]+")
_FILES: Final = re.compile(r"^\[attached: ", re.MULTILINE)
_CODE: Final = re.compile(r"`|https?://|[{}]|=>|->|::|\w\(\)|</\w|;\s*$", re.MULTILINE)
_WEIGHS: Final = re.compile(
    r"\b(?:why|should|compar\w*|versus|vs|better|best|worse|worst|pros|cons|trade-?offs?|recommend\w*"
    r"|advi[cs]e|decid\w*|explain\w*|analy[sz]\w*|review\w*|debug\w*|prov(?:e|es|ing)|plan(?:s|ned|ning)?"
    r"|design\w*|strateg\w*|risk\w*|critiqu\w*|evaluat\w*|argu\w*|differen\w*"
    r"|warum|wieso|weshalb|soll\w*|vergleich\w*|besser\w*|beste[mnrs]?|empf[ei]\w*|entscheid\w*"
    r"|erklär\w*|prüf\w*|unterschied\w*|risik\w*|bewert\w*|begründ\w*"
    r"|pourquoi|dev(?:rais|rait|rions|ons|ez)|mieux|meilleur\w*|recommand\w*|expliqu\w*|différen\w*"
    r"|conseil\w*|risqu\w*|por\s+qu[eé]|perch[eé]|debería\w*|deveria\w*|dovrei|dovremmo|mejor\w*"
    r"|melhor\w*|miglior\w*|recomiend\w*|recomend\w*|raccomand\w*|consigli\w*|explic\w*|spieg\w*"
    r"|diferenc\w*|riesgo\w*|risco\w*|rischi\w*"
    r"|почему|зачем|сравн\w*|лучш\w*|объясн\w*|разниц\w*|посовет\w*|риск\w*)\b"
    r"|为什么|為什麼|比较|比較|应该|應該|解释|解釋|分析|建议|建議|なぜ|どちら|べき|説明|왜|비교|설명|추천",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the gate decided, and why, for the footer."""

    alone: bool
    reason: str

    @property
    def note(self) -> str:
        """Say it under the answer."""
        return f"{'answered alone' if self.alone else 'advisors asked'}: {self.reason}"


def judged(lines: Sequence[Line]) -> Verdict:
    """Judge the question that a transcript ends on, tool rounds apart."""
    asked = [line for line in lines if line.role == "user"]
    if not asked:
        return Verdict(alone=True, reason="there is no question")
    question = asked[-1]
    if _is_remark(question):
        return Verdict(alone=True, reason="a short remark")
    if reason := _worth(question):
        return Verdict(alone=False, reason=reason)
    if len(asked) > 1 and _worth(asked[-2]):
        return Verdict(alone=False, reason="it follows on a question for them")
    return Verdict(alone=True, reason="a short plain question")


def gated(preset: Preset, lines: Sequence[Line]) -> Preset:
    """Give the preset that a turn runs with: without its references where the gate says so."""
    if preset.auto and preset.active and judged(lines).alone:
        return replace(preset, enabled=False)
    return preset


def noted(preset: Preset, lines: Sequence[Line]) -> str:
    """Say in the footer what was decided of a turn; empty where nobody asked the gate."""
    if not preset.auto:
        return ""
    verdict = judged(lines)
    return verdict.note if verdict.alone == preset.gated else ""


def forced(preset: Preset) -> Preset:
    """Give the preset for a turn in which all advisors are wanted, whatever the gate says."""
    return replace(preset, auto=False)


def _is_remark(line: Line) -> bool:
    text = line.text.strip()
    short = 0 < _width(text) <= REMARK and len(text.split()) <= REMARK_WORDS
    return short and not (_QUESTION_MARKS.search(text) or _worth(line))


def _worth(line: Line) -> str:
    """Say what makes a question one for the advisors by itself; empty for nothing."""
    text = line.text.strip()
    if line.images or line.files or _FILES.search(text):
        return "it comes with pictures or files"
    if _width(text) > LONG:
        return "it is long"
    if len([each for each in text.splitlines() if each.strip()]) >= LINES:
        return "it has several lines"
    if len(_QUESTION_MARKS.findall(text)) > 1:
        return "it asks several things"
    if _CODE.search(text):
        return "it holds code or a link"
    return "it asks to weigh or explain" if _WEIGHS.search(text) else ""


def _width(text: str) -> int:
    return sum(WIDE if east_asian_width(each) in "WF" else 1 for each in text)
