"""Registrations of their own that are made in the same sign-in, for the pages of both sides."""

from collections.abc import Iterable
from typing import Any

from gangway.provisioning.beside_view import BesideView
from gangway.provisioning.shapes import CredentialView
from gangway.provisioning.states import CredentialState
from gangway.web.words import RUN, STEP, said


def besides_of(views: Iterable[BesideView]) -> list[dict[str, Any]]:
    """Each with the word for its run and the steps that were taken; `none` where it could not even be begun."""
    return [_row(view) for view in views]


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
