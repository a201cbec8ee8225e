"""Search from core PostgreSQL: the beginning of a name, or words in any order, each by its beginning.

Words are cut in Python and compared after NFKC and case folding, so the database's locale has no say; it holds
them as one text, indexed as a vector of words.
"""

import unicodedata
from typing import Final

import regex
from django.db.models import BooleanField, F, Func, Q, TextField, Value

_UNSEEN: Final = regex.compile(r"\p{Default_Ignorable_Code_Point}")
_WORD: Final = regex.compile(r"[\p{L}\p{M}\p{N}]+")
MOST_WORDS: Final = 8
"""Words of one search that count; more would only cost time."""
LONGEST_WORD: Final = 100
"""Characters of a word that count; PostgreSQL refuses words of more than 2,046 bytes."""
LONGEST_KEY: Final = 200
"""Characters of a column that is searched by its beginning; an index entry has room for 2,700 bytes."""


def fold(text: str) -> str:
    """Return the key under which texts are the same: NFKC, case folded, without what can't be seen."""
    seen = _UNSEEN.sub("", unicodedata.normalize("NFD", text))
    once = unicodedata.normalize("NFKC", seen.casefold())
    return _UNSEEN.sub("", unicodedata.normalize("NFKC", once.casefold()))


def words(*texts: str) -> str:
    """Return the folded words of all texts, each once, parted by blanks, as `search_words` holds them."""
    return " ".join(dict.fromkeys(word[:LONGEST_WORD] for text in texts for word in _WORD.findall(fold(text))))


_AS_VECTOR: Final = "array_to_tsvector(string_to_array(%(expressions)s, ' '))"
WORDS_INDEX: Final = Func(F("search_words"), template=_AS_VECTOR)
"""The indexed expression over a row's `search_words`."""


def matching(search: str, *, begins: tuple[str, ...], among: str = "search_words") -> Q:
    """Return the condition for rows that a person means by `search`.

    `begins` names the folded columns of which the search may be the beginning; else every word must begin a word of
    the column `among`. An empty search means every row.
    """
    beginning = fold(search.replace("\x00", "")).strip()[:LONGEST_KEY]
    condition = Q()
    if not beginning:
        return condition
    for column in begins:
        condition |= Q(**{f"{column}__startswith": beginning})
    wanted = words(search).split()[:MOST_WORDS]
    return condition | Q(_words_begin(wanted, among)) if wanted else condition


def _words_begin(wanted: list[str], among: str) -> Func:
    """Return the test that each wanted word begins one of the row's. Words hold letters, marks and digits only."""
    held = Func(F(among), template=_AS_VECTOR)
    query = Value(" & ".join(f"'{word}':*" for word in wanted), output_field=TextField())
    as_query = Func(query, template="%(expressions)s::tsquery")
    return Func(held, as_query, template="(%(expressions)s)", arg_joiner=" @@ ", output_field=BooleanField())
