"""One tenant of the emulator as tests use it: sign somebody in, run a course of the engine, look at what is there."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import requests

from gangway.foundation import clock
from gangway.foundation.ids import AppId, TenantId
from gangway.foundation.sealed import SealedText
from gangway.microsoft.cloud import Cloud
from gangway.microsoft.graph import applications, credentials, service_principals
from gangway.microsoft.graph.session import GraphSession
from gangway.microsoft.patience import Patience
from gangway.microsoft.transport import Transport, shared
from gangway.microsoft.wire import Answer, Asked
from gangway.provisioning.clouds import RegistrationSignIn
from gangway.provisioning.engine import pinning
from gangway.provisioning.engine.absence import Absence
from gangway.provisioning.engine.blueprint import Blueprint, draw
from gangway.provisioning.engine.course import Course, Ending
from gangway.provisioning.engine.steps.credentials import Fresh
from gangway.provisioning.engine.teardown import Teardown
from gangway.provisioning.queries import SCOPES
from gangway.provisioning.states import LeftoverKind
from tests.emulator.conftest import Emulator, contoso, grace, sign_in_app
from tests.unit.small_journal import SmallJournal

TEAMS = "48ac35b8-9aa8-4d74-927d-1f4a14a0b239"
MAKES_UNITS = "AdministrativeUnit.ReadWrite.All"
REGISTRATION = "0f7d1f2e-1111-4111-8111-000000000001"
CONTOSO = TenantId(contoso)
_numbers = itertools.count(1)


class Killed(BaseException):
    """The process died here: nothing of ours catches it."""


@dataclass
class Mortal:
    """A transport that dies before or after its n-th request (from 0); `sent` counts them."""

    inner: Transport
    before: int = -1
    after: int = -1
    sent: int = 0

    async def send(self, asked: Asked) -> Answer:
        number = self.sent
        self.sent += 1
        if number == self.before:
            raise Killed
        answer = await self.inner.send(asked)
        if number == self.after:
            raise Killed
        return answer


@dataclass
class Tenant:
    """Contoso in the emulator."""

    emulator: Emulator
    id: TenantId = CONTOSO
    _first: SealedText | None = None
    _door: requests.Session | None = None

    def control(self, method: str, path: str, **options: Any) -> Any:
        """Use the emulator's control door over one kept connection."""
        self._door = self._door or self.emulator.session
        door = self.emulator.ready["control"]
        answer = self._door.request(method, door["url"] + path, headers={door["header"]: door["token"]}, **options)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def close(self) -> None:
        """Let the kept connection go."""
        if self._door is not None:
            self._door.close()

    @property
    def cloud(self) -> Cloud:
        url = self.emulator.url
        return Cloud(login=url, graph=url, extra_ca_file=Path(self.emulator.ca_file))

    def token(self, who: tuple[str, str] = grace, *more: str) -> SealedText:
        """Somebody's delegated token for the sign-in application, consented for the organization; `more` scopes."""
        flow = self.emulator.device_code(" ".join(dict.fromkeys([*SCOPES, *more])))
        self.emulator.grant(flow, who)
        answer = self.emulator.poll(flow)
        assert answer.status_code == 200, answer.text
        return SealedText(answer.json()["access_token"])

    async def start_over(self) -> SealedText:
        """Everything as after a first sign-in, in a fraction of its time: the token of that sign-in stays good."""
        if self._first is None:
            self.reset()
            self._first = self.token()
        self.reset()
        await self.sign_in_application()
        self.control("DELETE", "log")
        return self._first

    async def sign_in_application(self) -> None:
        """Have the sign-in application's enterprise application in the tenant, as every sign-in brings it."""
        assert self._first
        graph = GraphSession(await self.transport(), self.cloud, self._first, self.id)
        await graph.call(service_principals.create_if_missing(sign_in_app))

    async def add_secret(self, token: SealedText, name: str) -> str:
        """Somebody else makes a secret on our registration; gives its key id."""
        graph = GraphSession(await self.transport(), self.cloud, token, self.id)
        found = await graph.call(applications.by_unique_name(blueprint().unique_name))
        ends = clock.now() + timedelta(days=90)
        return (await graph.call(credentials.add_password(found.object_id, display_name=name, ends_at=ends))).key_id

    def secrets(self) -> list[str]:
        """Key ids of all secrets on our registration."""
        rows = [row["body"] for row in self.state()["objects"].values()]
        found = [row for row in rows if row.get("uniqueName") == blueprint().unique_name]
        return [secret["keyId"] for row in found for secret in row["passwordCredentials"]]

    async def transport(self) -> Transport:
        return await shared(self.cloud.extra_ca_file)

    async def course(
        self,
        journal: SmallJournal,
        token: SealedText,
        *,
        name: str = "voice1",
        version: int = 2,
        transport: Transport | None = None,
        seconds: float = 10,
        rotates: bool = False,
        role_days: int = 0,
    ) -> Course:
        """A course with short waits over the real client; `seconds` is the patience with copies."""
        wire = transport or await self.transport()
        return Course(
            blueprint=blueprint(name, version, rotates=rotates, role_days=role_days),
            client=AppId(sign_in_app),
            cloud=self.cloud,
            tenant_id=self.id,
            graph=GraphSession(wire, self.cloud, token, self.id),
            own=RegistrationSignIn(wire, self.cloud, self.id),
            journal=journal,
            patience=Patience(seconds, first_wait=0.005, longest_wait=0.1),
            fresh=fresh,
        )

    async def teardown(
        self,
        journal: SmallJournal,
        token: SealedText,
        *,
        whole: bool = True,
        transport: Transport | None = None,
        seconds: float = 10,
    ) -> Teardown:
        """A tear-down with short waits: of the registration for good, or only of the credentials in the journal."""
        wire, wanted = transport or await self.transport(), blueprint()
        return Teardown(
            absence=Absence(
                wanted.unique_name, whole=whole, for_good=whole, farewell=AppId(sign_in_app) if whole else None
            ),
            client=AppId(sign_in_app),
            graph=GraphSession(wire, self.cloud, token, self.id),
            journal=journal,
            patience=Patience(seconds, first_wait=0.005, longest_wait=0.1),
        )

    def remains(self) -> list[str]:
        """What there still is of our registration, deleted or not, of its principal and of its rights."""
        state = self.state()
        alive = [row for row in state["objects"].values() if row["body"].get("uniqueName") == blueprint().unique_name]
        known = {row["id"] for row in state["objects"].values()}
        held = [*state["app_role_assignments"].values(), *state["role_assignments"].values()]
        dangling = [row["principalId"] for row in held if row["principalId"] not in known]
        deleted = [row for row in state["deleted"].values() if row["body"].get("uniqueName") == blueprint().unique_name]
        named = [row["body"]["id"] for row in state["objects"].values() if row["body"].get("displayName") == "voice1"]
        return [
            *(f"alive {row['kind']}" for row in alive),
            *(f"deleted {row['kind']}" for row in deleted),
            *dangling,
            *named,
        ]

    def state(self) -> dict[str, Any]:
        """What the emulator itself holds of this tenant."""
        tenants = self.control("GET", "state")["tenants"]
        found: dict[str, Any] = next(row for row in tenants if row["id"] == self.id)
        return found

    def fault(self, name: str, match: dict[str, Any], effect: dict[str, Any]) -> None:
        self.control("PUT", f"faults/{name}", json={"match": match, "effect": effect})

    def log(self) -> list[dict[str, Any]]:
        """The requests that reached Graph and the token endpoint since the log was emptied."""
        rows: list[dict[str, Any]] = self.control("GET", "log?plane=graph&plane=login")["requests"]
        return rows

    def reset(self) -> None:
        """Everything as in the seed, no fault, an empty log."""
        self.control("DELETE", "faults")
        self.control("POST", "reset")
        self.control("DELETE", "log")

    def orphans(self, journal: SmallJournal, version: int = 2) -> list[str]:
        """What is wrong with what a finished course left; empty when all is exact."""
        known = [held.key_id for held in journal.credentials.values() if held.key_id]
        return self.judge(blueprint().unique_name, known, version=version)

    def judge(self, unique_name: str, known: Sequence[str], *, version: int = 2) -> list[str]:
        """The same for any registration and the key ids that we know of, by the emulator's own state."""
        state, wanted = self.state(), blueprint(version=version)
        objects = [row["body"] for row in state["objects"].values()]
        mine = [row for row in objects if row.get("uniqueName") == unique_name]
        if len(mine) != 1:
            return [f"{len(mine)} applications"]
        application = mine[0]
        principals = [row for row in objects if row.get("appId") == application["appId"] and row is not application]
        found = [f"{len(principals)} principals"] if len(principals) != 1 else []
        principal = principals[0]["id"] if principals else ""
        grants = [row["appRoleId"] for row in state["app_role_assignments"].values() if row["principalId"] == principal]
        if sorted(grants) != sorted(entry.id for entry in wanted.permissions):
            found.append(f"grants {grants}")
        roles = [
            row["roleDefinitionId"] for row in state["role_assignments"].values() if row["principalId"] == principal
        ]
        if sorted(roles) != sorted(role.template_id for role in wanted.roles):
            found.append(f"roles {roles}")
        keys = [row["keyId"] for row in application["passwordCredentials"]]
        if len(keys) != 1 or keys != list(known):
            found.append(f"secrets {keys} of which we know {known}")
        return found

    def unlisted(self, ending: Ending, setup_only: Sequence[str] = ()) -> list[str]:
        """What a course that says that it ended well left in the tenant, or on the registration's list, untold."""
        told = {one.kind for one in ending.left}
        stays = self.has_sign_in_application() and LeftoverKind.SIGN_IN_APPLICATION not in told
        state = self.state()
        (mine,) = [row["body"] for row in state["objects"].values() if row["body"].get("uniqueName")]
        held = {row["appRoleId"] for row in state["app_role_assignments"].values()}
        held |= {one["id"] for api in mine["requiredResourceAccess"] for one in api["resourceAccess"]}
        rights = set(setup_only) & held if LeftoverKind.PERMISSION not in told else set()
        return ["sign-in application"] * stays + [f"right {one}" for one in sorted(rights)]

    def has_sign_in_application(self) -> bool:
        """Whether the sign-in application's enterprise application is in the tenant."""
        objects = self.state()["objects"].values()
        return any(row["kind"] == "servicePrincipal" and row["body"]["appId"] == sign_in_app for row in objects)


def blueprint(name: str = "voice1", version: int = 2, *, rotates: bool = False, role_days: int = 0) -> Blueprint:
    features = {"voice", "self-rotation"} if rotates else None
    plan = pinning.pin(profile="teams-voice", version=version, features=features, role_days=role_days)
    return draw(
        plan, registration=REGISTRATION, display_name=name, notes="Made by Sandbox1.", sign_in_client=AppId(sign_in_app)
    )


def fresh() -> Fresh:
    number = next(_numbers)
    return Fresh(f"c{number}", f"voice1-{number:08x}", clock.now() + timedelta(days=365))
