"""From an answer to an error of the tree: by status and code; by number for Entra; by text only through `texts`.

The dictionary says which class a number of Entra's becomes, and what a person is told.
"""

import base64
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from gangway.foundation.errors import MicrosoftFault
from gangway.microsoft import dictionary, errors, texts
from gangway.microsoft.throttling import retry_after
from gangway.microsoft.wire import Answer

UNAUTHORIZED = 401
STEP_UP = "graph:insufficient_claims"
"""Where the dictionary has the words for a sign-in that isn't strong enough for what was asked."""
LONGEST_MESSAGE = 500
"""Characters of Microsoft's message that are kept."""

_POLICY_CODES: Mapping[str, type[errors.MicrosoftError]] = {
    "CredentialTypeNotAllowedAsPerAppPolicy": errors.CredentialForbidden,
    "CredentialInvalidLifetimeAsPerAppPolicy": errors.LifetimeForbidden,
}
_COPYING_CODES = frozenset({"NoBackingApplicationObject"})
_ALREADY_CODES = frozenset({"RoleAssignmentExists"})
_GONE_CODES = frozenset({"RoleAssignmentDoesNotExist"})
_BY_STATUS: Mapping[int, type[errors.MicrosoftError]] = {
    401: errors.AuthorityEnded,
    403: errors.Forbidden,
    404: errors.Missing,
    409: errors.Contended,
}

_CHALLENGE = re.compile(r'\bclaims="([A-Za-z0-9+/_=-]{4,4000})"')

_MARK = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,79}")
"""What a code or an id looks like. Anything else in its place is free text, which may hold anything: it is left out."""


def graph_error(answer: Answer) -> errors.MicrosoftError:
    """The error that a Graph answer (or one part of a batch) means. Call it only with an answer that isn't good."""
    fault = _graph_fault(answer)
    entry = dictionary.of_signal(STEP_UP if fault.claims else f"graph:{fault.code}")
    kind = _busy(answer) or _by_code(answer, fault) or _BY_STATUS.get(answer.status, errors.Refused)
    words = entry.words if entry and _is_about(entry, kind) else None
    return _made(kind, answer, fault, words)


def entra_error(answer: Answer, *, workers: Iterable[str] | None = None) -> errors.MicrosoftError:
    """The error that an answer of Entra's token or device code endpoint means.

    `workers`: the addresses that our requests come from, when an application signs in by itself; None for a person.
    """
    fault = _entra_fault(answer)
    entry = dictionary.of_signal(f"AADSTS{fault.aadsts}") or dictionary.of_signal(f"oauth:{fault.code}")
    kind = _busy(answer) or (getattr(errors, entry.error) if entry and entry.error else errors.SignInRefused)
    if entry is None or (issubclass(kind, errors.Busy) and not _is_about(entry, kind)):
        return _made(kind, answer, fault, None)
    words = entry.words if workers is None else entry.application
    return _made(kind, answer, fault, words, from_addresses=dictionary.from_addresses(workers or ()))


def _busy(answer: Answer) -> type[errors.Busy] | None:
    if answer.status == 429:  # noqa: PLR2004 - too many requests
        return errors.Throttled
    return errors.Unavailable if answer.status >= 500 else None  # noqa: PLR2004 - Microsoft's side failed


def _is_about(entry: dictionary.Entry, kind: type[errors.MicrosoftError]) -> bool:
    """Whether an entry's words are about this class of errors: what we do and what we say must fit."""
    return kind.code in entry.signals or kind.__name__ == entry.error


def _made(
    kind: type[errors.MicrosoftError],
    answer: Answer,
    fault: MicrosoftFault,
    words: dictionary.Words | None,
    **facts: str,
) -> errors.MicrosoftError:
    """The error with its words; one that we have none for is told with Microsoft's own number or code."""
    said = words or dictionary.of_signal_or_fail(kind.code).words
    meaning = said.with_facts({"marks": _marks(fault), **facts})
    if issubclass(kind, errors.Busy):
        return kind(fault=fault, meaning=meaning, wait=retry_after(answer.headers, now=answer.at))
    return kind(fault=fault, meaning=meaning)


def _marks(fault: MicrosoftFault) -> str:
    mark = f"AADSTS{fault.aadsts}" if fault.aadsts else fault.code or (f"HTTP {fault.status}" if fault.status else "")
    return f" ({mark})" if mark else ""


def _by_code(answer: Answer, fault: MicrosoftFault) -> type[errors.MicrosoftError] | None:
    details = _details(answer)
    if fault.code in _POLICY_CODES:
        return _POLICY_CODES[fault.code]
    if fault.code in _COPYING_CODES or texts.says_still_copying(fault.message):
        return errors.NotCopiedYet
    conflicting = any(row.get("code") == "ConflictingObjects" for row in details)
    if conflicting or fault.code in _ALREADY_CODES or texts.says_already_so(fault.message):
        return errors.AlreadySo
    if fault.code in _GONE_CODES or texts.says_gone(fault.message):
        return errors.Missing
    if answer.status == 400 and _names_the_name(details, fault.message):  # noqa: PLR2004 - bad request
        return errors.NameRefused
    return None


def _names_the_name(details: list[Mapping[str, Any]], message: str) -> bool:
    targets = [str(row.get("target", "")) for row in details if row.get("target")]
    return "displayName" in targets if targets else texts.says_name(message)


def _graph_fault(answer: Answer) -> MicrosoftFault:
    told = answer.member("error")
    told = told if isinstance(told, dict) else {}
    inner = told.get("innerError") or told.get("innererror") or {}
    return MicrosoftFault(
        status=answer.status,
        code=_mark(told.get("code")),
        message=str(told.get("message", ""))[:LONGEST_MESSAGE],
        request_id=_mark(answer.request_id or inner.get("request-id")),
        correlation_id=_mark(answer.correlation_id or inner.get("client-request-id")),
        at=answer.at,
        aadsts=None,
        claims=_claims(answer),
    )


def _claims(answer: Answer) -> str:
    """The claims challenge of a 401 (continuous access evaluation, step-up) for the next sign-in; empty without one."""
    found = _CHALLENGE.search(answer.headers.get("www-authenticate", "")) if answer.status == UNAUTHORIZED else None
    if found is None:
        return ""
    text = found.group(1).replace("-", "+").replace("_", "/")
    try:
        told = json.loads(base64.b64decode(text + "=" * (-len(text) % 4), validate=True))
    except ValueError:
        return ""
    return json.dumps(told, separators=(",", ":"), sort_keys=True) if isinstance(told, dict) else ""


def _entra_fault(answer: Answer) -> MicrosoftFault:
    told = answer.member("error_codes")
    number = _number(told[0]) if isinstance(told, list) and told else None
    message = str(answer.member("error_description", "")).split("\r\n")[0]
    written = re.match(r"AADSTS(\d+)", message)
    return MicrosoftFault(
        status=answer.status,
        code=_mark(answer.member("error")),
        message=message[:LONGEST_MESSAGE],
        request_id=_mark(answer.member("trace_id") or answer.request_id),
        correlation_id=_mark(answer.member("correlation_id") or answer.correlation_id),
        at=answer.at,
        aadsts=number or _number(written and written.group(1)),
    )


def _number(value: Any) -> int | None:
    return int(value) if str(value).isdecimal() else None


def _mark(value: Any) -> str:
    return str(value) if value and _MARK.fullmatch(str(value)) else ""


def _details(answer: Answer) -> list[Mapping[str, Any]]:
    told = answer.member("error")
    rows = told.get("details") if isinstance(told, dict) else None
    return [row for row in rows or [] if isinstance(row, dict)]
