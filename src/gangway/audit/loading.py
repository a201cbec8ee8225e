"""Rows by the hundred thousand, written by COPY. For samples, in a database of their own, by its owner."""

from __future__ import annotations

import json
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from django.db import connection, models
from psycopg import sql

if TYPE_CHECKING:
    from collections.abc import Iterable


def load(rows: Iterable[models.Model]) -> None:
    """Write new rows of one table, as they are: nothing is checked but by the database, and no signal is sent."""
    loaded = list(rows)
    if not loaded:
        return
    table = type(loaded[0])._meta
    fields = [field for field in table.concrete_fields if not isinstance(field, models.AutoField)]
    values_of = attrgetter(*(field.attname for field in fields))
    kept_as_json = [place for place, field in enumerate(fields) if isinstance(field, models.JSONField)]
    texts: dict[int, str] = {}

    def text_of(value: Any) -> str | None:
        """Write each value once: thousands of rows share a long plan."""
        if value is None:
            return None
        if id(value) not in texts:
            texts[id(value)] = json.dumps(value)
        return texts[id(value)]

    columns = sql.SQL(", ").join([sql.Identifier(str(field.column)) for field in fields])
    into = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table.db_table), columns)
    with connection.cursor() as cursor, cursor.copy(into) as copy:
        for row in loaded:
            values = list(values_of(row))
            for place in kept_as_json:
                values[place] = text_of(values[place])
            copy.write_row(values)
