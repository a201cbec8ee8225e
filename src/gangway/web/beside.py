"""Registrations of their own that are made in the same sign-in, for the pages of both sides."""

from collections.abc import Iterable
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from gangway.provisioning.beside_view import BesideView
from gangway.provisioning.shapes import CredentialView
from gangway.provisioning.states import CredentialState
from gangway.web.words import RUN, STEP, Pill, said

NOT_ASKED: Final = Pill(_("Not asked for"), "idle", "circle-dashed")


def besides_of(views: Iterable[BesideView], *, asked: bool = True) -> list[dict[str, Any]]:
    """Each with the word for its run and the steps that were taken; `none` where it could not even be begun.

    `asked`: whether somebody signed in for it. Who types a registration of their own is asked for nothing beside it.
    """
    return [{**_row(view), **({} if asked or view.run else {"pill": NOT_ASKED, "not_asked": True})} for view in views]


def _proved(view: BesideView) -> list[CredentialView]:
    """What it signs in with."""
    rows = view.registration.credentials if view.registration else ()
    return [one for one in rows if one.state == CredentialState.PROVED]


def _row(view: BesideView) -> dict[str, Any]:
    run = view.run
    return {
        "plan": view.plan,
        "registration": view.registration,
        "run": run,
        "waiting": view.waiting,
        "is_made": view.is_made,
        "credentials": _proved(view),
        "pill": said(RUN, run.state if run else "failed"),
        "steps": [{"step": step, "pill": said(STEP, step.state)} for step in run.steps] if run else [],
    }
