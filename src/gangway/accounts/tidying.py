"""What is over is removed: sessions hold who was here and where they were, wishes an address and who asked for it."""

from datetime import datetime, timedelta

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session

from gangway.accounts import addresses
from gangway.accounts.models import WantedAddress
from gangway.accounts.sessions import SessionStore


def forget_sessions(*, now: datetime) -> None:
    """Remove sessions whose time is over, and what a person's list of them knows of such. For workers."""
    SessionStore.clear_expired()
    begun_before = now - timedelta(seconds=settings.SESSION_COOKIE_AGE)
    UserSession.objects.filter(created_at__lt=begun_before).exclude(
        session_key__in=Session.objects.values("session_key")
    ).delete()


def forget_wanted_addresses(*, now: datetime) -> None:
    """Remove the addresses that were asked for and never confirmed, once their links are old. For workers."""
    WantedAddress.objects.filter(asked_at__lte=now - addresses.GOOD_FOR).delete()
