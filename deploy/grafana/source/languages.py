"""Texts in the two languages in which the dashboards are made."""

from typing import Literal, NamedTuple

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = ("en", "zh")


class Text(NamedTuple):
    """One thing said in both languages, side by side, so that neither can be missing."""

    en: str
    zh: str

    def in_language(self, language: Language) -> str:
        return getattr(self, language)


def same(text: str) -> Text:
    """What is the same in both languages: names, ids, placeholders."""
    return Text(text, text)
