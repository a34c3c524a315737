"""The KPIs, read from the pages that explain them, so that dashboards use their very words.

The pages are docs/kpis.md and docs/kpis.zh-CN.md. Their structure is held by tests of their own.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from languages import Text

ROOT = Path(__file__).resolve().parents[3]

FAMILY = re.compile(
    r"\*\*(?P<title>[^*]+)\*\*[:：]\s*`sales_(?P<scopes>\{[a-z,]+\}|[a-z]+)_(?P<name>[a-z0-9_]+)` · (?P<rest>.*)"
)
PART = re.compile(r"- \*\*(?P<part>[^*]+?)[.。]\*\*\s*(?P<text>.*)")
LINK = re.compile(r"\[([^\]]+)\]\([^)]*\)")


@dataclass(frozen=True)
class Kpi:
    name: str
    title: Text
    meaning: Text
    formula: Text
    unit: str
    scopes: frozenset[str]
    labels: frozenset[str]
    """Beside those of the scope."""

    def family(self, scope: str) -> str:
        assert scope in self.scopes, f"there is no sales_{scope}_{self.name}"
        return f"sales_{scope}_{self.name}"

    def description(self) -> Text:
        """What the panel's information sign says: meaning first, then the formula."""
        return Text(
            f"{self.meaning.en}\n\nFormula: {self.formula.en}",
            f"{self.meaning.zh}\n\n公式：{self.formula.zh}",
        )


@dataclass(frozen=True)
class Entry:
    """A KPI as one page tells it."""

    title: str
    meaning: str
    formula: str
    unit: str
    scopes: frozenset[str]
    labels: frozenset[str]


def joined(lines: list[str]) -> str:
    """The lines of a paragraph as one: a Chinese mark needs no space behind it, and two Chinese letters none between."""
    text = lines[0]
    for line in lines[1:]:
        last, first = text[-1:], line[:1]
        is_tight = last >= "\u2e80" and (last in "。；，、？！" or first >= "\u2e80")
        text += ("" if is_tight or not text else " ") + line
    return text


def entries(page: str, meaning: str, formula: str) -> dict[str, Entry]:
    """All KPIs of a page whose parts have these names."""
    found: dict[str, Entry] = {}
    sections = re.split(r"^### ", (ROOT / "docs" / page).read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    for section in sections:
        paragraphs = (joined(paragraph.splitlines()) for paragraph in section.split("\n\n") if paragraph)
        family = next((match for paragraph in paragraphs if (match := FAMILY.match(paragraph))), None)
        if family is None:
            continue
        parts = parts_of(section)
        ticked = re.findall(r"`([^`]+)`", family["rest"])
        found[family["name"]] = Entry(
            title=family["title"],
            meaning=parts[meaning],
            formula=parts[formula],
            unit=ticked[-1],
            scopes=frozenset(family["scopes"].strip("{}").split(",")),
            labels=frozenset(ticked[:-1]),
        )
    return found


def parts_of(section: str) -> dict[str, str]:
    """The text of each `- **Part.**` of a section, without links."""
    parts: dict[str, list[str]] = {}
    lines: list[str] | None = None
    for line in section.splitlines():
        if match := PART.match(line):
            lines = parts.setdefault(match["part"], [match["text"]])
        elif lines is not None and line.startswith("  "):
            lines.append(line.strip())
        else:
            lines = None
    return {part: LINK.sub(r"\1", joined(lines)) for part, lines in parts.items()}


def read() -> dict[str, Kpi]:
    english = entries("kpis.md", "Meaning", "Formula")
    chinese = entries("kpis.zh-CN.md", "含义", "公式")
    assert english and english.keys() == chinese.keys(), "the two pages have different KPIs"
    kpis = {}
    for name, en in english.items():
        zh = chinese[name]
        assert (en.unit, en.scopes, en.labels) == (zh.unit, zh.scopes, zh.labels), f"the pages differ on {name}"
        kpis[name] = Kpi(
            name=name,
            title=Text(en.title, zh.title),
            meaning=Text(en.meaning, zh.meaning),
            formula=Text(en.formula, zh.formula),
            unit=en.unit,
            scopes=en.scopes,
            labels=en.labels,
        )
    return kpis


KPIS = read()
