"""A text as sentences, each of which is said in one breath."""

from __future__ import annotations

import re

MOST = 300
"""Characters of a sentence: the memory that a voice takes grows with their square."""

_END = re.compile(r"""[.!?…]+["'”’»)\]]*(?=\s|$)|(?:[。！？]|…{2,})+["'”’」』）]*""")
_SHORTENED = re.compile(r"(?:^|[\s.(\"'“‘])(?:\w|Mr|Mrs|Ms|Dr|Prof|St|Sr|Jr|vs)$")
"""What a full stop after it does not end: a single letter, as in initials and e.g., and titles."""

_PAUSE = re.compile(r"[,;:，；：、—–]")


def sentences(text: str, most: int = MOST) -> list[str]:
    """The sentences of a text in their order, without the space around them.

    They end at the marks of English and Chinese and at the end of a line. What has more than
    ``most`` characters is cut at its last comma before that, or between two words.
    """
    found: list[str] = []
    for line in text.splitlines():
        begin = 0
        for end in _END.finditer(line):
            if end[0] == "." and _SHORTENED.search(line[begin : end.start()]):
                continue
            found.append(line[begin : end.end()])
            begin = end.end()
        found.append(line[begin:])
    plain = (" ".join(one.split()) for one in found)
    return [part for one in plain for part in _breaths(one, most)]


def _breaths(sentence: str, most: int) -> list[str]:
    """A sentence in parts of so many characters at most."""
    found: list[str] = []
    while len(sentence) > most:
        marks = [mark.end() for mark in _PAUSE.finditer(sentence, 0, most)]
        cut = marks[-1] if marks else sentence.rfind(" ", 0, most) + 1
        cut = cut or most
        found.append(sentence[:cut].strip())
        sentence = sentence[cut:].strip()
    return [one for one in (*found, sentence) if one]
