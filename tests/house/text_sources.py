"""Where a customer's people meet words, and how each kind of source is read.

The list is explicit: what isn't on it stays English, as the Operation Center does. Code that knows Django marks its
words (`gettext`); rooms without it write plain English sentences, which are read as they stand: whole ones, and those
with facts in them, whose places are named after what is put in.
"""

from __future__ import annotations

import ast
import io
import json
import os
import re
import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from babel.messages.extract import extract_python

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gangway.config.settings.test")

from django.utils.translation.template import templatize

from gangway.provisioning.engine import script

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2] / "src" / "gangway"
ID = str | tuple[str, str]

TEMPLATES: Final = (
    "web/templates/layouts/base.html",
    "web/templates/layouts/quay.html",
    "web/templates/layouts/wizard.html",
    "web/templates/wizard/*.html",
    "web/templates/refusal.html",
    "web/templates/invitations/_sightings.html",
    "web/templates/own_view/*.html",
    *(
        f"web/templates/components/{name}.html"
        for name in (
            "beside",
            "by_hand_guide",
            "by_hand_script",
            "checks",
            "consent_way",
            "copy_line",
            "credential",
            "dialog",
            "existing_checking",
            "existing_form",
            "existing_key",
            "existing_seen",
            "fault_facts",
            "field",
            "flash",
            "languages",
            "form_errors",
            "knowingly",
            "live",
            "opened",
            "plan_changes",
            "preflight",
            "problem",
            "run_references",
            "run_steps",
            "stepper",
            "timeline",
            "waiting_facts",
        )
    ),
    "notifications/templates/notifications/_*.*",
    *(
        f"notifications/templates/notifications/{name}.{kind}"
        for name in (
            "frame",
            "invitation",
            "invitation_reminder",
            "handoff",
            "reminder",
            "completion",
            "service_created",
            "alarm_contact",
            "removal_asked",
            "service_gone",
            "rotation_ahead",
        )
        for kind in ("html", "txt")
    ),
)
"""Pages and mails that customers' people see; a page of both sides is here as well."""

MARKED: Final[dict[str, tuple[str, ...]]] = {
    "web/words.py": (
        "UNKNOWN",
        "INVITATION",
        "RUN",
        "WAITS_FOR",
        "CASE",
        "STEP",
        "PART",
        "VALIDATION",
        "VERDICT",
        "GRANT",
        "USER_NAME",
        "END_FROM",
        "DONE_BY",
        "CHECK",
        "CONNECTION",
        "LIFE",
        "LEFTOVER",
        "PLANNED",
        "LEAVES",
        "DELETING",
        "DELETED",
        "GIVEN_UP",
    ),
    "web/wizard_pages.py": (),
    "web/purposes.py": (),
    "web/sign_in_ways.py": (),
    "web/names.py": (),
    "web/activity_words.py": (),
    "web/own_words.py": (),
    "web/so_far.py": (),
    "web/forms/own_view.py": (),
    "web/forms/place.py": ("ContactForm", "ContactsForm"),
    "web/forms/opened.py": (),
    "web/views/own_view.py": (),
    "web/templatetags/gangway.py": (),
    "web/templatetags/credentials.py": (),
    "web/forms/knowingly.py": ("SignsIn",),
    "web/forms/wizard.py": (),
    "web/forms/waiting.py": (),
    "web/forms/existing.py": (),
    "web/forms/plan.py": ("UNIT", "Grant"),
    "web/forms/invitation.py": ("Approval",),
    "web/views/wizard.py": (),
    "web/views/wizard_before.py": (),
    "web/views/wizard_door.py": (),
    "web/views/wizard_existing.py": (),
    "web/views/wizard_live.py": (),
    "web/views/wizard_sign_in.py": (),
    "web/views/wizard_waiting.py": (),
    "web/views/link_pages.py": (),
    "web/views/refusals.py": (),
    "web/views/by_hand.py": (),
    "web/limits.py": (),
    "web/turns.py": (),
    "languages/said.py": (),
    "notifications/messages/invitation.py": (),
    "notifications/messages/invitation_reminder.py": (),
    "notifications/messages/handoff.py": (),
    "notifications/messages/reminder.py": (),
    "notifications/messages/completion.py": (),
    "notifications/messages/service_created.py": (),
    "notifications/messages/alarm_contact.py": (),
    "notifications/messages/removal_asked.py": (),
    "notifications/messages/service_gone.py": (),
    "notifications/messages/rotation_ahead.py": (),
}
"""Code with `gettext`, and which of its definitions; none named means all."""

PLAIN: Final[dict[str, tuple[str, ...]]] = {
    "foundation/errors.py": (),
    "web/forms/opened.py": ("ChangedMeanwhile",),
    "microsoft/errors.py": (),
    "microsoft/dictionary.py": ("from_addresses",),
    "microsoft/directory_roles.py": (),
    "services/names.py": (),
    "services/licences.py": (),
    "organizations/errors.py": ("NotAllowed", "NoSeat"),
    "invitations/errors.py": (
        "InvitationsError",
        "NoSuchInvitation",
        "InvitationMoved",
        "PlanMoved",
        "PlanIsFixed",
        "NoSuchHandoff",
        "NothingToHandOff",
        "ColleagueElsewhere",
        "ColleagueIsOneself",
        "TooManyHandoffs",
        "InvitationFrozen",
        "AskedJustNow",
        "DayNotPossible",
    ),
    "invitations/letters.py": (),
    "invitations/waiting_for.py": ("_days_left",),
    "onboarding/errors.py": (
        "OnboardingError",
        "NoSuchCase",
        "LinkClosed",
        "SessionEnded",
        "NotNow",
        "NotAPrincipalName",
        "GuestName",
        "NoSignInApplication",
        "NotThisWay",
        "NotBegunHere",
        "AttemptReplaced",
        "AnswerTooLate",
        "AnswerUsed",
        "TooManySignIns",
        "SignInTooOld",
        "SignInRefused",
        "NameDiffers",
    ),
    "onboarding/disconnections.py": ("_words", "_for_contacts"),
    "onboarding/farewell.py": (),
    "onboarding/existing_errors.py": (),
    "onboarding/existing_words.py": (),
    "onboarding/refusals.py": (),
    "onboarding/typed.py": (),
    "onboarding/proof.py": ("_fault",),
    "onboarding/case_view.py": (),
    "onboarding/done_view.py": (),
    "onboarding/staying.py": (),
    "onboarding/otherwise.py": (),
    "onboarding/sightings.py": (),
    "onboarding/own_view/asking.py": ("KINDS",),
    "onboarding/own_view/errors.py": (),
    "onboarding/own_view/roles.py": (),
    "onboarding/stages/colleague.py": ("NOTHING_MADE", "ALL_OF_IT", "ANY_ROLE", "SIGN_IN_AGAIN"),
    "onboarding/stages/existing.py": (),
    "onboarding/stages/handover.py": (),
    "onboarding/stages/invitation.py": (),
    "onboarding/stages/redirect.py": (),
    "onboarding/stages/registration.py": (),
    "onboarding/stages/sign_in.py": (),
    "onboarding/stages/tenant.py": (),
    "onboarding/stages/verification.py": ("-FAILED", "-NEEDS_SIGN_IN", "-NOBODY_MAILED"),
    "notifications/errors.py": ("NotificationError", "InvalidRecipient"),
    "provisioning/errors.py": (
        "-GivenToUs",
        "-NoSuchCredential",
        "-LeaseLost",
        "-NoSuchLeftover",
        "-OnlyByHand",
        "-UsedAgain",
        "-LeftoverCleared",
        "-NotAllGone",
        "-CannotRotate",
        "-ReplacedMeanwhile",
    ),
    "provisioning/by_hand.py": (),
    "provisioning/check_items.py": (),
    "provisioning/sightings.py": (
        "UNUSED",
        "STILL_THERE",
        "WITHOUT_REGISTRATION",
        "UNUSED_CREDENTIAL",
        "NOT_RECORDED",
        "LIKE_OURS",
    ),
    "provisioning/farewell.py": (),
    "provisioning/scopes.py": ("WHY",),
    "provisioning/support.py": ("HEAD", "bundle", "_lines"),
    "provisioning/undoing.py": ("stays",),
    "provisioning/headlines.py": ("_ANY", "_REACHING"),
    "provisioning/looking.py": (),
    "provisioning/mending.py": (),
    "provisioning/opening.py": (),
    "provisioning/proving.py": (),
    "provisioning/queries.py": (),
    "provisioning/runs.py": (),
    "provisioning/waiting.py": (),
    "provisioning/waiting_view.py": (),
    "provisioning/engine/alone.py": (),
    "provisioning/engine/apply.py": (),
    "provisioning/engine/course.py": (),
    "provisioning/engine/credential_kinds.py": (),
    "provisioning/engine/difference.py": (),
    "provisioning/engine/goodbye.py": (),
    "provisioning/engine/pinning.py": (),
    "provisioning/engine/preflight.py": (),
    "provisioning/engine/remaining.py": (),
    "provisioning/engine/rights.py": (),
    "provisioning/engine/settling.py": (),
    "provisioning/engine/teardown.py": ("NOT_THIS_PERSON",),
    "provisioning/engine/unit.py": (),
    "provisioning/engine/verify.py": (),
    **{
        f"provisioning/engine/steps/{name}.py": ()
        for name in (
            "application",
            "credentials",
            "deletion",
            "farewell",
            "grants",
            "keys",
            "owner",
            "principals",
            "removal",
            "roles",
        )
    },
    "web/wizard_session.py": ("administrator",),
    "alarms/wording.py": ("NOTHING_ASKED", "OVER", "for_contacts", "_more"),
    "connections/rights.py": (),
    "connections/saying.py": (
        "LINK_COMES",
        "TOLD",
        "NEVER_MAILED",
        "NAMES",
        "ending",
        "roles_ending",
        "for_contacts",
    ),
}
"""Code that writes plain English sentences, and which of its definitions: none named means all, "-" means all but."""

SINGLE: Final = (
    "secret",
    "certificate",
    "Error",
    "Time",
    "Permissions",
    "Tenant",
    "Issuer",
    "Subject",
    "Audience",
    "Permission",
    "Role",
)
"""Labels of one word in that code, which can't be told from its keys."""

SCRIPT: Final = "provisioning/engine/script.ps1.txt"

PROFILES: Final = ("provisioning/engine/profiles/teams_voice.json", "provisioning/engine/profiles/qoe.json")
WORDS_OF_PROFILES: Final = frozenset({"title", "why", "declining", "without"})
DICTIONARY: Final = "microsoft/dictionary.toml"

MARKS: Final = {"_": 1, "gettext": 1, "gettext_lazy": 1, "ngettext": 2, "ngettext_lazy": 2}
FOR_PROGRAMMERS: Final = frozenset(
    {"within_everything", "through", "ValueError", "TypeError", "RuntimeError", "KeyError", "LookupError", "purpose"}
    | {"AssertionError", "reveal", "seal", "compile", "getLogger", "get_logger"}
)
"""Calls whose texts no customer reads."""
FEWEST_LETTERS: Final = 4
"""Of a text beside its facts; with fewer it only joins others."""


@cache
def every_text() -> dict[ID, list[str]]:
    """Return every text with the files that it stands in, in the order of the sources."""
    found: dict[ID, list[str]] = {}
    for source in (_templates, _marked, plain_texts, _profiles):
        for place, text in source():
            places = found.setdefault(text, [])
            if place not in places:
                places.append(place)
    plurals = {text[0] for text in found if isinstance(text, tuple)}
    return {text: places for text, places in found.items() if text not in plurals}


def _templates() -> Iterator[tuple[str, ID]]:
    for pattern in TEMPLATES:
        for path in sorted(ROOT.glob(pattern)):
            code = "\n".join(line.lstrip() for line in templatize(path.read_text("utf-8")).split("\n"))
            for _line, _name, text, _comments in extract_python(io.BytesIO(code.encode()), list(MARKS), [], {}):
                told = tuple(one for one in text if one) if isinstance(text, tuple) else text
                if told:
                    yield _place(path), told[:2] if isinstance(told, tuple) else told  # type: ignore[misc]


def _marked() -> Iterator[tuple[str, ID]]:
    for name, definitions in MARKED.items():
        for node in _inside(ROOT / name, definitions):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in MARKS:
                texts = [str(one.value) for one in node.args[: MARKS[node.func.id]] if isinstance(one, ast.Constant)]
                if texts:
                    yield name, (texts[0], texts[1]) if len(texts) > 1 else texts[0]


@cache
def plain_texts() -> tuple[tuple[str, str], ...]:
    """Return every text that is made in English and found again when it is shown, with the file it stands in."""
    return tuple(_plain())


def _plain() -> Iterator[tuple[str, str]]:
    yield from (("one word", text) for text in SINGLE)
    for name, definitions in PLAIN.items():
        for node in _inside(ROOT / name, definitions):
            text = _sentence(node)
            if text:
                yield name, text
    yield from ((SCRIPT, text) for text in script.texts())
    for entry in tomllib.loads((ROOT / DICTIONARY).read_text("utf-8")).values():
        for table in (entry, entry.get("application", {})):
            yield from ((DICTIONARY, str(table[word])) for word in ("what", "cure") if table.get(word))


def _profiles() -> Iterator[tuple[str, ID]]:
    for name in PROFILES:
        yield from ((name, text) for text in _words_in(json.loads((ROOT / name).read_text("utf-8"))))


def _words_in(part: object) -> Iterator[str]:
    if isinstance(part, dict):
        yield from (text for key, text in part.items() if key in WORDS_OF_PROFILES and isinstance(text, str))
        yield from (str(part["name"]) for _role in part if _role == "template_id")
        yield from (text for inner in part.values() for text in _words_in(inner))
    elif isinstance(part, list):
        yield from (text for inner in part for text in _words_in(inner))


def _inside(path: Path, definitions: tuple[str, ...]) -> Iterator[ast.AST]:
    """Every node that can hold words, whole strings only; without docstrings and what is for programmers."""
    for statement in ast.parse(path.read_text("utf-8")).body:
        named, left_out = _names(statement), {name.removeprefix("-") for name in definitions if name.startswith("-")}
        if not named & left_out if left_out or not definitions else named & set(definitions):
            yield from _walk(statement)


def _names(statement: ast.stmt) -> set[str]:
    if isinstance(statement, ast.ClassDef | ast.FunctionDef):
        return {statement.name}
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    return {target.id for target in targets if isinstance(target, ast.Name)}


def _walk(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Call) and _called(node) in FOR_PROGRAMMERS:
        return
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return
    if isinstance(node, ast.Assert | ast.Import | ast.ImportFrom):
        return
    yield node
    if isinstance(node, ast.JoinedStr):
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                yield from _walk(part.value)
        return
    for inner in ast.iter_child_nodes(node):
        if not (isinstance(inner, ast.keyword) and inner.arg in FOR_PROGRAMMERS) and not _is_annotation(node, inner):
            yield from _walk(inner)


def _is_annotation(node: ast.AST, inner: ast.AST) -> bool:
    return inner is getattr(node, "annotation", None) or inner is getattr(node, "returns", None)


def _called(node: ast.Call) -> str:
    return node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")


def _sentence(node: ast.AST) -> str:
    """Return a text with words in it, with its facts' places; else nothing."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        text = node.value
    elif isinstance(node, ast.JoinedStr):
        text = _with_places(node)
    else:
        return ""
    fixed = re.sub(r"\{\w+\}", "", text)
    has_words = " " in text.strip() and len(re.findall(r"[A-Za-z]", fixed)) >= FEWEST_LETTERS
    is_for_machines = re.search(r"[_=<>\\]{2,}|::|://", fixed) is not None
    return text.strip() if has_words and not is_for_machines else ""


def _with_places(node: ast.JoinedStr) -> str:
    names: list[str] = []
    parts = []
    for part in node.values:
        if isinstance(part, ast.Constant):
            parts.append(str(part.value))
            continue
        name = _place_name(part.value) if isinstance(part, ast.FormattedValue) else "value"
        name = name if name not in names else f"{name}_{len(names)}"
        names.append(name)
        parts.append(f"{{{name}}}")
    return "".join(parts)


def _place_name(value: ast.expr) -> str:
    if isinstance(value, ast.Name):
        return value.id.strip("_").lower()
    if isinstance(value, ast.Attribute):
        return value.attr.strip("_").lower()
    if isinstance(value, ast.Call) and value.args:
        return _place_name(value.args[0]) if not isinstance(value.args[0], ast.Constant) else _called(value).strip("_")
    if isinstance(value, ast.Call | ast.Subscript | ast.GeneratorExp | ast.ListComp):
        inner = getattr(value, "slice", None) or getattr(value, "func", None) or value.generators[0].iter  # type: ignore[attr-defined]
        if isinstance(inner, ast.Constant):
            return inner.value if isinstance(inner.value, str) else "value"
        return _place_name(inner) if isinstance(inner, ast.Name | ast.Attribute | ast.Call) else "value"
    return "value"


def _place(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()
