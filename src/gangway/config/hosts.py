"""Which host names the web process answers to: those of its settings, and those that organizations have."""

from typing import Final


class OfOrganizations(str):
    """One entry of ALLOWED_HOSTS that equals every host name that an organization has at this moment, and no other.

    Django compares each request's host with each entry; the platform's own names stand before this one, so only
    other names are looked up. There is no wildcard: Django's own two meanings of an entry are never given.
    """

    __slots__ = ()

    def lower(self) -> str:
        """Stay what it is: Django compares in lower case."""
        return self

    def __getitem__(self, _key: object) -> str:
        """Begin with nothing that has a meaning to Django."""
        return "="

    def __eq__(self, host: object) -> bool:
        """Look the name up."""
        if not isinstance(host, str) or isinstance(host, OfOrganizations) or "." not in host:
            return isinstance(host, OfOrganizations)
        from gangway.organizations.hosts import is_ours  # noqa: PLC0415  settings are read before there are models

        return is_ours(host)

    def __hash__(self) -> int:
        """There is one of its kind."""
        return hash(OfOrganizations)


OF_ORGANIZATIONS: Final = OfOrganizations("(host names of organizations)")
