"""What a list was asked for, read from the address: so it can be kept, sent to a colleague, and gone back to."""

from dataclasses import dataclass, field

from django.http import HttpRequest, QueryDict

from gangway.organizations.place_queries import name_in_scope

LONGEST_SEARCH = 200


@dataclass(frozen=True, slots=True)
class Asked:
    """Search text, sort key, page number and the chosen filters; what makes no sense is taken as not asked."""

    search: str = ""
    sort: str = ""
    page: int = 1
    choices: dict[str, str] = field(default_factory=dict)

    @property
    def told(self) -> dict[str, str]:
        """What was asked for, for the activity log; the page is left out, as a file has them all."""
        meant = {"search": self.search, **self.choices, "sort": self.sort}
        return {name: text for name, text in meant.items() if text}

    @property
    def narrows(self) -> bool:
        """Whether the list leaves something out: then *nothing found* isn't *nothing there*."""
        return bool(self.search or any(self.choices.values()) or self.page > 1)


def asked(request: HttpRequest, *filters: str) -> Asked:
    """Read `q`, `sort`, `page` and the named filters from the address."""
    return asked_in(request.GET, *filters)


def asked_in(given: QueryDict, *filters: str) -> Asked:
    """Read the same from a form, which acts on all that a list was asked for."""
    number = given.get("page", "")
    return Asked(
        search=given.get("q", "").replace("\x00", "")[:LONGEST_SEARCH],
        sort=given.get("sort", "").replace("\x00", "")[:LONGEST_SEARCH],
        page=int(number) if number.isascii() and number.isdigit() and len(number) < 5 else 1,  # noqa: PLR2004 digits
        choices={name: given.get(name, "").replace("\x00", "")[:LONGEST_SEARCH] for name in filters},
    )


def sought_place(request: HttpRequest) -> str:
    """Read `place`: of which organizations a form's list offers some, by the beginning of a name."""
    return request.GET.get("place", "").replace("\x00", "").strip()[:LONGEST_SEARCH]


def only_below(organization_id: str) -> list[tuple[str, str]]:
    """Return the one value of a filter that a page about an organization has set; none without it."""
    return [(organization_id, name_in_scope(organization_id) or "–")] if organization_id else []
