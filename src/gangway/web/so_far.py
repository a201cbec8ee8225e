"""What happened to an invitation so far, for the customer's people who come back to it: what, who, when.

It is the history that the operator's timeline shows, in words for the other side. An address is told only of who
belongs to them: the recipient, colleagues, whom the waiting page names too, and people of the same Microsoft 365.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gangway.invitations.queries import HistoryRow, InvitationView, history, invitation
from gangway.invitations.states import State
from gangway.onboarding.expected import domain_of, is_among
from gangway.onboarding.shapes import Offer
from gangway.organizations.scope import within
from gangway.organizations.taken_over import BEFORE
from gangway.web.wizard_session import WizardRequest, is_still_good
from gangway.web.words import INVITATION, said

Words = str | Promise

BEFORE_IT_WAS_OPENED: Final = frozenset({State.DRAFT, State.QUEUED, State.SENT, State.BOUNCED})
"""Until somebody pressed Continue there is nothing to come back to."""
STATES: Final[Mapping[State, Words]] = {
    State.DRAFT: gettext_lazy("The invitation was prepared"),
    State.QUEUED: gettext_lazy("The e-mail was ordered"),
    State.SENT: gettext_lazy("The e-mail was sent"),
    State.BOUNCED: gettext_lazy("An e-mail was refused"),
    State.OPENED: gettext_lazy("The invitation was opened"),
    State.SIGNED_IN: gettext_lazy("An administrator signed in at Microsoft"),
    State.PROVISIONING: gettext_lazy("Provisioning was started"),
    State.COPYING: gettext_lazy("It was made, and Microsoft began to copy it"),
    State.WAITING_FOR_ADMINISTRATOR: gettext_lazy("It began to wait for another administrator"),
    State.WAITING_FOR_APPROVAL: gettext_lazy("It began to wait for an approval"),
    State.AUTHENTICATED: gettext_lazy("All of it was made and proved to work"),
    State.ADDED: gettext_lazy("Your provider took it into use"),
    State.FAILED: gettext_lazy("It stopped, and needed attention"),
    State.DECLINED: gettext_lazy("What was asked for was declined"),
    State.REPORTED: gettext_lazy("Somebody reported it as unexpected: it was frozen"),
    State.EXPIRED: gettext_lazy("The invitation expired"),
    State.REVOKED: gettext_lazy("The invitation was withdrawn"),
}
READDRESSED: Final = "Recipient changed from "
NOTES: Final[Mapping[str, Words]] = {
    "Opened together with the customer": gettext_lazy("It was opened together with you"),
    "Link copied": gettext_lazy("Another link was made"),
    "Sent again": gettext_lazy("The invitation was sent again"),
    "Links replaced": gettext_lazy("Earlier links were replaced by a new one"),
    READDRESSED: gettext_lazy("The invitation was sent to another recipient"),
    "Extended until ": gettext_lazy("The invitation was extended"),
    "Edited": gettext_lazy("Details of the invitation were changed"),
    "Declined: ": gettext_lazy("Optional parts were declined"),
    "Everything that was asked for was accepted": gettext_lazy("Everything that was asked for was accepted"),
    "What is asked for was changed": gettext_lazy("What is asked for was changed"),
    "Reminder sent": gettext_lazy("A reminder was sent"),
    "No more reminders": gettext_lazy("Reminders were stopped"),
    "Planned for ": gettext_lazy("A day was named for what remains"),
    "No longer planned": gettext_lazy("The day for what remains was taken back"),
    "Until ": gettext_lazy("A day was named until which somebody must agree"),
    "Unfrozen": gettext_lazy("It was looked at, and may go on"),
    "The holder of a dead link": gettext_lazy("A new link was asked for"),
    "Refused: signed in to ": gettext_lazy("A sign-in to another Microsoft 365 than the expected one was refused"),
    "Says that ": gettext_lazy("Somebody said that theirs is the right Microsoft 365"),
}
"""How a line begins that tells more than its state, and what it tells the customer's people."""
SENT_TO: Final = "Link for another administrator sent to "
LINK_OF: Final = "Link of "
WITHDRAWN: Final = " withdrawn"
NOT_TOLD: Final = (
    "Not finished by itself",
    "Goes out once ",
    "Not sent: ",
    "Refused: typed ",
    "Seen that somebody was refused",
    "Reported as unexpected after its end",
    "Reported again, by a link that is dead",
)
"""Lines that concern the provider alone, or came from a link that opens nothing any more."""


def of_offer(offer: Offer) -> list[dict[str, Any]]:
    """Return the entries for whoever holds a living link; nothing before anybody went on with it."""
    if offer.invitation_state in BEFORE_IT_WAS_OPENED or not offer.asker.organization_path:
        return []
    with within(offer.asker.organization_path):
        rows, about = history(offer.invitation_id), invitation(offer.invitation_id)
    is_theirs = _whose(rows, about, domain=offer.expected_domain)
    steps = zip((None, *rows), rows, strict=False)
    return [entry for before, row in steps if (entry := _entry(row, before, is_theirs))]


def of_closed(request: WizardRequest) -> list[dict[str, Any]]:
    """Return them for the page that says why it is closed.

    It tells nothing to whom it was closed before: by links that were replaced, or one's own link that was withdrawn.
    """
    return of_offer(request.case.offer) if is_still_good(request) and not request.case.is_rest else []


def _whose(rows: Sequence[HistoryRow], about: InvitationView, *, domain: str) -> Callable[[str], bool]:
    """Return what says of an address whether it is told: the recipient's, a colleague's, or of the same Microsoft 365.

    A former recipient's isn't, nor whom they named: it may have gone to somebody else by mistake.
    """
    changed = max((at for at, row in enumerate(rows) if row.note.startswith(READDRESSED)), default=0)
    colleagues = [row.note.removeprefix(SENT_TO) for row in rows[changed:] if row.note.startswith(SENT_TO)]
    signer = about.administrator_upn if _is_signed_in(rows) else ""
    addresses = {one.casefold() for one in (about.recipient, signer, *colleagues)}
    domains = {domain, domain_of(signer)} - {""}
    return lambda one: "@" in one and (one.casefold() in addresses or is_among(domain_of(one), domains))


def _is_signed_in(rows: Sequence[HistoryRow]) -> bool:
    """Whether the name that was typed is proved: Microsoft said so after it was opened last."""
    states = [row.state for row in rows if row.state in {*BEFORE_IT_WAS_OPENED, State.OPENED, State.SIGNED_IN}]
    return bool(states) and states[-1] is State.SIGNED_IN


def _entry(row: HistoryRow, before: HistoryRow | None, is_theirs: Callable[[str], bool]) -> dict[str, Any] | None:
    what = _what(row, before, is_theirs)
    if not what:
        return None
    return {"pill": said(INVITATION, row.state), "what": what, "who": _who(row, is_theirs), "at": row.at}


def _what(row: HistoryRow, before: HistoryRow | None, is_theirs: Callable[[str], bool]) -> Words:
    """Return a line's words; none for one that isn't told."""
    if row.note.startswith(SENT_TO):
        address = row.note.removeprefix(SENT_TO)
        return _("A link was sent to %(address)s") % {"address": address} if is_theirs(address) else ""
    if row.note.startswith(LINK_OF) and row.note.endswith(WITHDRAWN):
        address = row.note.removeprefix(LINK_OF).removesuffix(WITHDRAWN)
        return _("The link of %(address)s was withdrawn") % {"address": address} if is_theirs(address) else ""
    if row.note.startswith(NOT_TOLD):
        return ""
    if before is None:
        return STATES[State.DRAFT]  # one that begins as sent was opened by whoever asked for it, without any mail
    found = next((words for begins, words in NOTES.items() if row.note.startswith(begins)), None)
    if found is not None:
        return found
    stays = before is not None and before.state is row.state and row.note
    return "" if stays else STATES[row.state]


def _who(row: HistoryRow, is_theirs: Callable[[str], bool]) -> str:
    if row.actor_kind == "system":
        return _("By itself")
    if row.actor_kind == "person":
        return _("Your provider") if row.actor_name == BEFORE else row.actor_name
    return row.actor_name if is_theirs(row.actor_name) else _("Somebody with the link")
