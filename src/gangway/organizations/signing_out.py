"""Ending sessions: of one person, and of all who have nowhere left to sit."""

from uuid import UUID

from allauth.usersessions.models import UserSession

from gangway.organizations.models import Membership
from gangway.organizations.people_queries import belongs_elsewhere


def end_sessions_of(operator_id: UUID) -> int:
    """Sign somebody out everywhere and return of how many sessions."""
    sessions = list(UserSession.objects.filter(user_id=operator_id))
    for session in sessions:
        session.end()
    return len(sessions)


def end_sessions_at(organization_id: UUID) -> None:
    """Sign out whoever has a role in this organization of the scope and in no other that is in use."""
    for person in Membership.objects.filter(organization_id=organization_id).values_list("operator_id", flat=True):
        if not belongs_elsewhere(person, organization_id):
            end_sessions_of(person)
