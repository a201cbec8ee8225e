"""What sign-in remembers between requests: device codes, visits of browsers, sessions, tokens that can be redeemed."""

from __future__ import annotations

import itertools
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

T = TypeVar("T")

_visits_at_most = 10_000
_kept_at_most = 20_000  # of each other kind: what a busy tenant has in flight, and a few megabytes


@dataclass(slots=True)
class DeviceFlow:
    """One device code. ``state`` is pending, approved, declined or redeemed; times are the emulator clock's seconds.

    ``segment`` is the tenant segment of the address that was asked; ``tenant_id`` and ``user_id`` who approved it.
    """

    device_code: str
    user_code: str
    client_id: str
    segment: str
    scope: str
    interval: int
    expires_at: float
    state: str = "pending"
    tenant_id: str = ""
    user_id: str = ""
    required_wait: float = 0.0
    last_poll_at: float | None = None
    methods: list[str] = field(default_factory=list)
    proved_at: float = 0.0


@dataclass(slots=True)
class AuthorizeRequest:
    """A redirect sign-in. ``state`` as for a device code; ``code`` is set once the person agreed, and works once.

    ``client_state``, ``nonce`` and ``challenge`` (PKCE) are the client's own, empty when it sent none;
    ``challenge_method`` is ``S256``, or ``plain``, which a client means that names none. ``kind`` is ``code`` or
    ``admin_consent``; ``problem`` what the client is told instead of a code ("AADSTS…: …").
    """

    id: str
    client_id: str
    segment: str
    scope: str
    redirect_uri: str
    response_mode: str
    client_state: str
    nonce: str
    challenge: str
    expires_at: float
    state: str = "pending"
    tenant_id: str = ""
    user_id: str = ""
    code: str = ""
    methods: list[str] = field(default_factory=list)
    prompt: str = ""
    domain_hint: str = ""
    kind: str = "code"
    problem: str = ""
    proved_at: float = 0.0
    response_type: str = "code"
    challenge_method: str = "S256"


@dataclass(slots=True)
class Visit:
    """One browser's walk through the sign-in pages. ``step`` names the page that is shown next.

    ``kind`` is ``device`` (``reference`` holds the device code), ``redirect`` (the id of the authorize request) or
    ``page`` (where to go afterwards). ``resource_segment`` is the tenant that is signed in to; ``user_id`` is set once
    the password was right. ``methods`` is what the person proved, ``proved_at`` when; ``number`` is the AADSTS number
    of the refusal that the page ``blocked`` explains.
    """

    id: str
    browser: str
    kind: str
    reference: str
    resource_segment: str
    step: str = "account"
    account: str = ""
    tenant_id: str = ""
    user_id: str = ""
    problem: str = ""
    methods: list[str] = field(default_factory=list)
    number: int = 0
    proved_at: float = 0.0


@dataclass(slots=True)
class Session:
    """A person who signed in with this browser at one tenant; ``methods`` is what they proved (``pwd``, ``mfa``)."""

    tenant_id: str
    user_id: str
    signed_in_at: float
    methods: list[str] = field(default_factory=lambda: ["pwd"])


@dataclass(slots=True)
class Refresh:
    """A refresh token: who may have which tokens with it. Times are the emulator clock's seconds.

    ``platform`` is the one of the redirect address (``web``, ``publicClient``, ``spa``) and says what proof is due.
    """

    client_id: str
    tenant_id: str
    user_id: str
    scope: str
    expires_at: float
    issued_at: float = 0.0
    flow: str = "authorizationCode"
    methods: list[str] = field(default_factory=lambda: ["pwd"])
    proved_at: float = 0.0
    platform: str = "publicClient"
    revoked: bool = False


@dataclass(slots=True)
class LoginMemory:
    """Device flows by device code, visits by id, sessions by browser and then by ``tenant/user``.

    ``issuers`` are the keys (JWKS rows) of other issuers by address, ``assertions`` the end of life of client
    assertions that were used, by client and ``jti``.
    """

    devices: dict[str, DeviceFlow] = field(default_factory=dict)
    device_of_user_code: dict[str, str] = field(default_factory=dict)
    visits: dict[str, Visit] = field(default_factory=dict)
    sessions: dict[str, dict[str, Session]] = field(default_factory=dict)
    refreshes: dict[str, Refresh] = field(default_factory=dict)
    requests: dict[str, AuthorizeRequest] = field(default_factory=dict)
    issuers: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    assertions: dict[str, float] = field(default_factory=dict)

    def asking(self, reference: str) -> DeviceFlow | AuthorizeRequest | None:
        """What a visit is for: a device code or an authorize request."""
        return self.devices.get(reference) or self.requests.get(reference)

    def request_by_code(self, code: str) -> AuthorizeRequest | None:
        """The authorize request that gave this code; its id is the code's first part."""
        request = self.requests.get(code.partition(".")[0])
        return request if request is not None and request.code == code else None

    def add_device(self, flow: DeviceFlow) -> None:
        self.devices[flow.device_code] = flow
        self.device_of_user_code[flow.user_code] = flow.device_code

    def add_refresh(self, token: str, kept: Refresh) -> None:
        """Keep a refresh token; the oldest go when there are very many."""
        self.refreshes[token] = kept
        _drop_oldest(self.refreshes)

    def end_sessions(self, tenant_id: str, user_id: str) -> None:
        """Let somebody sign in anew everywhere: refresh tokens are revoked, browsers forget them."""
        for kept in self.refreshes.values():
            kept.revoked = kept.revoked or (kept.tenant_id, kept.user_id) == (tenant_id, user_id)
        for rows in self.sessions.values():
            rows.pop(f"{tenant_id}/{user_id}", None)

    def device_by_user_code(self, user_code: str) -> DeviceFlow | None:
        return self.devices.get(self.device_of_user_code.get(user_code, ""))

    def add_visit(self, visit: Visit) -> None:
        """Keep a visit; the oldest ones go when there are very many."""
        self.visits[visit.id] = visit
        while len(self.visits) > _visits_at_most:
            del self.visits[next(iter(self.visits))]

    def forget_before(self, moment: float) -> None:
        """Drop codes and tokens that ran out before this moment, and the oldest of very many: memory stays flat.

        Each kind lives equally long, so the oldest stand in front and a look at those is enough.
        """
        for code in _old(self.devices, lambda flow: flow.expires_at < moment):
            self.device_of_user_code.pop(self.devices.pop(code).user_code, None)
        for name in _old(self.requests, lambda request: request.expires_at < moment):
            del self.requests[name]
        for token in _old(self.refreshes, lambda kept: kept.expires_at < moment):
            del self.refreshes[token]
        for name in _old(self.assertions, lambda ends_at: ends_at < moment):
            del self.assertions[name]
        _drop_oldest(self.sessions)

    def dump(self) -> dict[str, Any]:
        return asdict(self)


def load(kept: dict[str, Any]) -> LoginMemory:
    """The memory from a dump."""
    memory = LoginMemory(
        visits={key: Visit(**row) for key, row in kept["visits"].items()},
        sessions={
            browser: {key: Session(**row) for key, row in rows.items()} for browser, rows in kept["sessions"].items()
        },
        refreshes={key: Refresh(**row) for key, row in kept["refreshes"].items()},
        requests={key: AuthorizeRequest(**row) for key, row in kept["requests"].items()},
        issuers=kept.get("issuers", {}),
        assertions=kept.get("assertions", {}),
    )
    for row in kept["devices"].values():
        memory.add_device(DeviceFlow(**row))
    return memory


def _old(rows: Mapping[str, T], is_over: Callable[[T], bool]) -> list[str]:
    """Keys from the front that are over, or too many."""
    too_many = len(rows) - _kept_at_most
    return [
        key
        for _, (key, row) in itertools.takewhile(
            lambda numbered: numbered[0] < too_many or is_over(numbered[1][1]), enumerate(rows.items())
        )
    ]


def _drop_oldest(rows: dict[str, Any]) -> None:
    while len(rows) > _kept_at_most:
        del rows[next(iter(rows))]
