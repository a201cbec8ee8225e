"""Texts as a search compares them: folded, cut into words, each meant by its beginning. Pure; no locale has a say."""

import unicodedata
from typing import Final

import regex

_UNSEEN: Final = regex.compile(r"\p{Default_Ignorable_Code_Point}")
_WORD: Final = regex.compile(r"[\p{L}\p{M}\p{N}]+")
MOST_WORDS: Final = 8
"""Words of one search that count; more would only cost time."""
LONGEST_WORD: Final = 100
"""Characters of a word that count; PostgreSQL refuses words of more than 2,046 bytes."""
AS_VECTOR: Final = "array_to_tsvector(string_to_array(%(expressions)s, ' '))"
"""How PostgreSQL makes an indexed vector of a column that holds words."""


def fold(text: str) -> str:
    """Return the key under which texts are the same: NFKC, case folded, without what can't be seen."""
    seen = _UNSEEN.sub("", unicodedata.normalize("NFD", text))
    once = unicodedata.normalize("NFKC", seen.casefold())
    return _UNSEEN.sub("", unicodedata.normalize("NFKC", once.casefold()))


def words(*texts: str) -> str:
    """Return the folded words of all texts, each once, parted by blanks, as columns for searching hold them."""
    return " ".join(dict.fromkeys(word[:LONGEST_WORD] for text in texts for word in _WORD.findall(fold(text))))


def words_begun(search: str) -> str:
    """Return PostgreSQL's query for rows of which each word of the search begins one; empty for a search without words.

    Words hold letters, marks and digits only, so nothing in them can end the query.
    """
    return " & ".join(f"'{word}':*" for word in words(search).split()[:MOST_WORDS])


def is_meant(search: str, *texts: str) -> bool:
    """Return whether a search means something with these texts: it stands in one, or each of its words begins one's.

    For lists that are too short for columns of their own: the database's `LIKE` folds as its locale does, if at all.
    """
    wanted, held = fold(search).strip(), words(*texts).split()
    if any(wanted in fold(text) for text in texts):
        return True
    begun = words(search).split()
    return bool(begun) and all(any(word.startswith(each) for word in held) for each in begun)
