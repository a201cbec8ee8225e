"""The address of a PostgreSQL database, read from a URL; its password never shows."""

from dataclasses import dataclass, field, replace
from typing import Any, Self
from urllib.parse import parse_qs, quote, unquote, urlsplit

from gangway.foundation.sealed import SealedText


@dataclass(frozen=True, slots=True)
class Address:
    """Where a database is and as whom to sign in. `host` may be a folder (a Unix socket lives in it)."""

    name: str = ""
    user: str = ""
    password: SealedText = field(default_factory=lambda: SealedText(""))
    host: str = ""
    port: int = 5432
    options: tuple[tuple[str, str], ...] = ()

    @classmethod
    def parse(cls, url: SealedText) -> Self:
        """Read `postgresql://user:password@host:port/name?sslmode=…`; an empty text gives an empty address.

        Raises `ValueError` (without the URL in it) for another scheme.
        """
        text = url.reveal()
        if not text:
            return cls()
        parts = urlsplit(text)
        if parts.scheme not in {"postgresql", "postgres"}:
            raise ValueError("the database URL must begin with postgresql://")
        options = {key: values[-1] for key, values in parse_qs(parts.query).items()}
        host = options.pop("host", "") or unquote(parts.hostname or "")
        password = SealedText(unquote(parts.password or ""))
        port = parts.port or int(options.pop("port", 5432))
        name, user = unquote(parts.path.lstrip("/")), unquote(parts.username or "")
        return cls(name, user, password, host, port, tuple(sorted(options.items())))

    def url(self) -> SealedText:
        """Write the address as a URL again; it opens the database, so it is sealed."""
        pairs = [("host", self.host)] * self.host.startswith("/") + list(self.options)
        query = "&".join(f"{key}={quote(value, safe='')}" for key, value in pairs)
        host = "" if self.host.startswith("/") else self.host
        who = f"{quote(self.user, safe='')}:{quote(self.password.reveal(), safe='')}"
        return SealedText(
            f"postgresql://{who}@{host}:{self.port}/{quote(self.name, safe='')}" + f"?{query}" * bool(query)
        )

    def named(self, name: str) -> Self:
        """Give the same server and person, another database."""
        return replace(self, name=name)

    def signed_in_as(self, user: str, password: SealedText) -> Self:
        """Give the same database as seen by another role."""
        return replace(self, user=user, password=password)

    def django(self) -> dict[str, Any]:
        """Give the keys of Django's DATABASES entry."""
        return {
            "NAME": self.name,
            "USER": self.user,
            "PASSWORD": self.password.reveal(),
            "HOST": self.host,
            "PORT": str(self.port),
            "OPTIONS": dict(self.options),
        }

    def psycopg(self) -> dict[str, Any]:
        """Give the keyword arguments of `psycopg.connect`."""
        parts = {"dbname": self.name, "user": self.user, "password": self.password.reveal(), "host": self.host}
        return {**{k: v for k, v in parts.items() if v}, "port": self.port, **dict(self.options)}
