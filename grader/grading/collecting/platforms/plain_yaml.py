"""YAML of texts, lists and mappings only, whoever wrote it.

The library's own loaders go into each other as deep as a document does, in C, and end the process;
they make objects of tags, and repeat what a name stands for. Its events do none of this: here they
become plain values.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

_DEEPEST = 40
_NOTHING = ("", "~", "null", "Null", "NULL")
_Loader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)

Plain = str | list["Plain"] | dict[str, "Plain"]
"""A text, which numbers and times are too, or texts in lists and mappings."""


class NoPlainYaml(Exception):
    """A text that is not read; says why, in the words of a list of reasons."""


def plain_yaml(text: bytes, largest: int) -> Plain:
    """The value that a document holds; NoPlainYaml where it is no YAML, or has more than that.

    What a tag says a value is, is passed over. A text may be named and repeated (`&1`, `*1`).
    """
    if len(text) > largest:
        raise NoPlainYaml(f"it has more than {largest // 2**20} MiB")
    try:
        return _Reader(yaml.parse(text, Loader=_Loader)).document()
    except (yaml.YAMLError, ValueError) as error:
        raise NoPlainYaml(f"no readable YAML: {type(error).__name__}") from error


class _Reader:
    """The values that a parser's events tell, one after the other."""

    def __init__(self, events: Iterator[Any]) -> None:
        self._events = events
        self._texts: dict[str, str] = {}

    def document(self) -> Plain:
        """The first document's value; of an empty one, the empty text."""
        for event in self._events:
            if isinstance(event, yaml.NodeEvent):
                return self._value(event, 0)
        return ""

    def _value(self, event: Any, depth: int) -> Plain:
        if depth > _DEEPEST:
            raise NoPlainYaml(f"more than {_DEEPEST} lists in each other")
        if isinstance(event, yaml.ScalarEvent):
            return self._text(event)
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in self._texts:
                raise NoPlainYaml("something but a text is repeated by a name")
            return self._texts[event.anchor]
        if isinstance(event, yaml.SequenceStartEvent):
            return list(self._until(yaml.SequenceEndEvent, depth))
        return self._mapping(depth)

    def _text(self, event: Any) -> str:
        is_nothing = event.style is None or event.style == ""
        text = "" if is_nothing and event.value in _NOTHING else str(event.value)
        if event.anchor:
            self._texts[event.anchor] = text
        return text

    def _mapping(self, depth: int) -> dict[str, Plain]:
        found: dict[str, Plain] = {}
        values = self._until(yaml.MappingEndEvent, depth)
        for key in values:
            if not isinstance(key, str):
                raise NoPlainYaml("a name is no text")
            found[key] = next(values)
        return found

    def _until(self, end: type[yaml.Event], depth: int) -> Iterator[Plain]:
        for event in self._events:
            if isinstance(event, end):
                return
            yield self._value(event, depth + 1)
