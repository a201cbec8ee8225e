"""Changes to organizations and the people in them."""

from uuid import UUID, uuid4

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from gangway.audit.events import Event
from gangway.audit.record import Actor, Plain, record
from gangway.foundation import clock
from gangway.foundation.clouds import CloudName, cloud_name
from gangway.foundation.sealed import SealedText
from gangway.organizations.changing import PARENTS, call, locked_parent, save
from gangway.organizations.details import checked_address, checked_short_name
from gangway.organizations.errors import (
    AddressTaken,
    AlreadyMade,
    NoSuchOrganization,
    NoSuchRole,
    QuotaUsedUp,
    WeakPassword,
    WrongPlace,
)
from gangway.organizations.models import Membership, Operator, Organization
from gangway.organizations.roles import ROLE_TABLE, Kind, Role
from gangway.organizations.scope import Door, through, within_everything
from gangway.organizations.search import fold, words

SYSTEM_NAME = "Gangway"


@transaction.atomic
def create_organization(
    *,
    kind: Kind,
    name: str,
    short_name: str,
    parent_id: UUID | None,
    by: Actor,
    domain: str = "",
    cloud: str = CloudName.PUBLIC,
    reply_to: str = "",
    support_phone: str = "",
    once: UUID | None = None,
) -> UUID:
    """Add a provider (no parent: it stands below the system), a channel or a customer.

    `once` becomes its id: a form that is sent twice with the same name makes one and raises `AlreadyMade`. Typed over
    and sent again, it makes another one.

    Raises `WrongPlace`, `NoSuchOrganization` (parent outside the scope), `QuotaUsedUp` (the channel has all it may
    have), `InvalidOrganizationName` at "name",
    `InvalidAddress` at "reply_to", `InvalidField` and `ShortNameTaken` at "short_name", `CloudUnknown` at "cloud".
    """
    try:
        parent = _parent(Kind(kind), parent_id)
    except QuotaUsedUp:
        _need_unmade(once, name)
        raise
    _need_unmade(once, name)
    is_free = once is not None and not Organization.objects.filter(pk=once).exists()
    row = Organization(
        id=once if is_free else uuid4(),
        kind=Kind(kind).value,
        parent=parent,
        short_name=checked_short_name(short_name),
        domain=domain.strip().lower(),
        cloud=cloud_name(cloud).value,
        reply_to=checked_address(reply_to, field="reply_to") if reply_to else "",
        support_phone=support_phone.strip(),
        created_at=clock.now(),
    )
    row.path = f"{parent.path}{row.id.hex}/"
    call(row, name)
    save(row)
    record(
        Event.ORGANIZATION_CREATED,
        by=by,
        organization_id=row.id,
        subject=f"organization:{row.id}",
        data={"kind": row.kind, "name": row.name},
        after=_kept(row, parent),
    )
    return row.id


def _need_unmade(once: UUID | None, name: str) -> None:
    """Refuse to make what the same form made; by the parent's lock the second of two at once waits for the first."""
    if once is None:
        return
    if Organization.objects.filter(pk=once, name=" ".join(name.split()), removed_at__isnull=True).exists():
        raise AlreadyMade


def _kept(row: Organization, parent: Organization) -> dict[str, Plain]:
    """Return what a new organization begins with, for the log; what is empty is left out."""
    fields = ("short_name", "domain", "cloud", "reply_to", "support_phone")
    return {"below": parent.name} | {name: value for name in fields if (value := getattr(row, name))}


def _parent(kind: Kind, parent_id: UUID | None) -> Organization:
    if kind is Kind.PROVIDER and parent_id is None:
        return _system()
    if kind not in PARENTS or parent_id is None:
        raise WrongPlace(field="parent_id")
    return locked_parent(kind, parent_id)


def system() -> UUID:
    """Return the root of the tree, which is made when it is first needed."""
    return _system().id


def _system() -> Organization:
    with through(Door.ANCESTORS):
        known = Organization.objects.filter(kind=Kind.SYSTEM.value).first()
    if known is not None:
        return known
    with within_everything("the system stands above every scope"):
        return _made_system() or Organization.objects.get(kind=Kind.SYSTEM.value)


def _made_system() -> Organization | None:
    """Return the new root, or None when somebody made it at the same moment."""
    key = uuid4()
    row = Organization(
        id=key,
        kind=Kind.SYSTEM.value,
        path=f"{key.hex}/",
        name=SYSTEM_NAME,
        name_key=fold(SYSTEM_NAME),
        search_words=words(SYSTEM_NAME),
        created_at=clock.now(),
    )
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        return None
    return row


@transaction.atomic
def create_operator(
    *, email: str, name: str, password: SealedText, organization_id: UUID, role: Role, by: Actor
) -> UUID:
    """Add a person with a verified address and one role in one organization of the scope.

    An empty password means none: they sign in with Microsoft only.
    Raises `InvalidAddress` and `AddressTaken` at "email", `WeakPassword` at "password", `NoSuchRole` at "role",
    `NoSuchOrganization`.
    """
    organization = Organization.objects.filter(pk=organization_id).first()
    if organization is None:
        raise NoSuchOrganization
    if (Kind(organization.kind), Role(role)) not in ROLE_TABLE:
        raise NoSuchRole(field="role")
    person = Operator(email=checked_address(email, field="email"), created_at=clock.now())
    person.call(name)
    _set_password(person, password)
    save_operator(person)
    EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
    Membership(operator=person, organization=organization, role=Role(role).value, created_at=clock.now()).save()
    record(
        Event.OPERATOR_CREATED,
        by=by,
        organization_id=organization_id,
        subject=f"operator:{person.id}",
        data={"name": person.name, "email": person.email, "role": Role(role).value},
    )
    return person.id


def _set_password(person: Operator, password: SealedText) -> None:
    if not password.reveal():
        person.set_unusable_password()
        return
    try:
        validate_password(password.reveal(), user=person)
    except ValidationError as error:
        raise WeakPassword(" ".join(error.messages), field="password") from None
    person.set_password(password.reveal())


def save_operator(person: Operator) -> None:
    """Add the person's row; raises `AddressTaken` at "email"."""
    try:
        with transaction.atomic():
            person.save(force_insert=True)
    except IntegrityError as error:
        raise AddressTaken(field="email") from error


@transaction.atomic
def enroll_totp(operator_id: UUID, *, by: Actor | None = None) -> SealedText:
    """Set up a person's authenticator app in their stead and return its key (base32), to be shown to them once.

    An earlier app of theirs stops working. At rest the key is encrypted by the adapter that allauth is told to use.
    Raises `Operator.DoesNotExist` and, outside the person's organization, `NoSuchOrganization`.
    """
    person = Operator.objects.get(pk=operator_id)
    place = Membership.objects.filter(operator=person).order_by("created_at", "id").first()
    if place is None:
        raise NoSuchOrganization
    Authenticator.objects.filter(user=person, type=Authenticator.Type.TOTP).delete()
    key = SealedText(generate_totp_secret())
    TOTP.activate(person, key.reveal())
    record(
        Event.OPERATOR_SECOND_FACTOR_ENROLLED,
        by=by or Actor.system("set-up"),
        organization_id=place.organization_id,
        subject=f"operator:{person.id}",
    )
    return key
