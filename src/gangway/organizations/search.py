"""Search from core PostgreSQL: the beginning of a name, or words in any order, each by its beginning.

Words are cut in Python and compared after NFKC and case folding, so the database's locale has no say; it holds
them as one text, indexed as a vector of words.
"""

from typing import Final

from django.db.models import BooleanField, F, Func, Q, TextField, Value

from gangway.foundation.words import AS_VECTOR, fold, words, words_begun

__all__ = ["LONGEST_KEY", "WORDS_INDEX", "fold", "matching", "words"]

LONGEST_KEY: Final = 200
"""Characters of a column that is searched by its beginning; an index entry has room for 2,700 bytes."""
WORDS_INDEX: Final = Func(F("search_words"), template=AS_VECTOR)
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
    wanted = words_begun(search)
    return condition | Q(_words_begin(wanted, among)) if wanted else condition


def _words_begin(wanted: str, among: str) -> Func:
    """Return the test that each wanted word begins one of the row's."""
    held = Func(F(among), template=AS_VECTOR)
    as_query = Func(Value(wanted, output_field=TextField()), template="%(expressions)s::tsquery")
    return Func(held, as_query, template="(%(expressions)s)", arg_joiner=" @@ ", output_field=BooleanField())
