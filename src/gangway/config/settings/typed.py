"""Settings, read once, typed and frozen; every fault is told at once, each with its cure.

Sources, the first one that has a value wins: environment (`GANGWAY_<FIELD>`), then the TOML file named by
`GANGWAY_SETTINGS_FILE` (keys are the field names in lower case). Each process has a role, and a role may hold only what
it needs: the web process is refused what belongs to workers (private keys, the mail server's password) so that somebody
who takes over the web process finds nothing of it, neither in memory nor in its environment.
"""

import json
import os
import secrets
import tomllib
from collections.abc import Mapping
from enum import StrEnum
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from gangway.config.database.address import Address
from gangway.config.settings.faults import Fault, SettingsFaulty
from gangway.foundation.clouds import CloudName
from gangway.foundation.sealed import SealedText

PREFIX = "GANGWAY_"
SHORTEST_SECRET = 50
"""Characters a secret key must have: 50 of token_urlsafe are about 300 bits."""

FEWEST_DIFFERENT = 16
"""Different characters a secret key must have, so that "aaaa…" is none."""

KNOWN_DEFAULTS = ("insecure", "change-me", "changeme", "secret-key", "your-secret", "example")
"""Parts of keys that people copy out of examples; a key that contains one is refused."""


class Role(StrEnum):
    """What a process is for; it decides which settings it may hold and as which database role it signs in."""

    WEB = "web"
    WORKER = "worker"
    OWNER = "owner"
    TEST = "test"


def origin(value: str) -> str:
    """Check an address that is only scheme and host, without a slash at its end; ValueError says what is wrong."""
    scheme, _, rest = value.rstrip("/").partition("://")
    if scheme not in {"http", "https"} or not rest or any(c in rest for c in "/?#@ "):
        raise ValueError("is not an address like https://gangway.example.com|give scheme and host only, no path")
    if scheme == "http" and rest.split(":")[0] not in {"localhost", "127.0.0.1"}:
        raise ValueError("is not encrypted|use https; plain http is only for localhost")
    return value.rstrip("/")


def _sealed(value: object) -> object:
    return SealedText(value) if isinstance(value, str) else value


def _listed(value: object) -> object:
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


def _mapped(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise ValueError('is not JSON|write {"gcc-high": {"login_url": "https://…"}}') from None


NOTHING: Any = ""
"""The default of a secret: sealed like any other value when it is validated."""

Secret = Annotated[SealedText, BeforeValidator(_sealed)]
Names = Annotated[tuple[str, ...], BeforeValidator(_listed)]
Seconds = Annotated[tuple[int, ...], BeforeValidator(_listed)]


class CloudHosts(BaseModel):
    """Other hosts for one of Microsoft's clouds; what is left out stays the cloud's own."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    login_url: str = ""
    graph_url: str = ""

    @field_validator("login_url", "graph_url")
    @classmethod
    def _origin(cls, value: str) -> str:
        return origin(value) if value else value


Clouds = Annotated[Mapping[CloudName, CloudHosts], BeforeValidator(_mapped)]


class Settings(BaseSettings):
    """All settings of one process. Use `load(role)`; constructing it directly skips the sentences for people."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        frozen=True,
        extra="forbid",
        arbitrary_types_allowed=True,
        validate_default=True,
        enable_decoding=False,
        hide_input_in_errors=True,
    )

    WORKER_ONLY: ClassVar[tuple[str, ...]] = ("sealing_private_keys_dir", "smtp_password")
    """What a web process is refused."""

    role: Role = Field(description="which process this is; the owner migrates and sets up")
    secret_key: Secret = Field(default=NOTHING, description="signs sessions and forms; the same for web and worker")
    database_url: Secret = Field(default=NOTHING, description="this process's own database role; empty: embedded")
    data_dir: Path = Field(default=Path(".gangway"), description="where the embedded database and generated keys live")
    public_url: str = Field(default="http://localhost:8000", description="where people reach the web pages, no path")
    allowed_hosts: Names = Field(default=(), description="host names answered; default: the one of public_url")
    vouched_hosts: Names = Field(
        default=(),
        description="host names that count without a DNS record, each with its owner, as host=provider or "
        "host=provider/channel by short names (without an owner: only while there is one provider); for whoever runs "
        "the server, who knows",
    )
    name_servers: Names = Field(
        default=(),
        description="name servers that workers ask, as address, address:port or [address]:port; default: the system's",
    )
    web_host: str = Field(default="127.0.0.1", description="address the web process listens on")
    web_port: int = Field(default=8000, ge=1, le=65535, description="port the web process listens on")
    hsts_subdomains: bool = Field(
        default=True,
        description="whether browsers keep to https for names below ours, too; false where one of them has to be met "
        "without encryption",
    )
    trusted_proxies: Names = Field(
        default=(), description="addresses of the reverse proxies in front, for X-Forwarded-*"
    )
    issuer_url: str = Field(
        default="",
        description="stable https address, no path, under which Microsoft reads this platform's public keys; it is the "
        "issuer of federated credentials, for ever. Default: none, and certificates are made instead",
    )
    server_name: str = Field(
        default="Sandbox1", min_length=1, description="this server's name, as in Sandbox1-sp2-token"
    )
    extra_ca_file: Path | None = Field(default=None, description="PEM authorities trusted beside the system's own")
    cloud_login_url: str = Field(
        default="https://login.microsoftonline.com", description="Entra ID of the worldwide cloud"
    )
    cloud_pages_url: str = Field(
        default="",
        description="where browsers meet the sign-in pages of the worldwide cloud. Default: as cloud_login_url",
    )
    cloud_graph_url: str = Field(
        default="https://graph.microsoft.com", description="Microsoft Graph of the worldwide cloud"
    )
    clouds: Clouds = Field(
        default={},
        description="other hosts for clouds (public, gcc-high, dod, china), as JSON in the environment: "
        '{"gcc-high": {"login_url": "https://…", "graph_url": "https://…"}}',
    )
    egress_addresses: Names = Field(
        default=(),
        description="addresses that Microsoft sees workers come from, told to administrators whose Conditional Access "
        "policies must let them in; default: they are not named",
    )
    people_client_id: str = Field(
        default="",
        description="client id of the Operation Center's own application in Entra, by which people sign in with "
        "Microsoft; a public client, so there is no secret; empty: nobody does",
    )
    people_cloud: CloudName = Field(default=CloudName.PUBLIC, description="the cloud that application lives in")
    breached_passwords_file: Path | None = Field(
        default=None,
        description="SHA-1 hashes of breached passwords, in order, one a line (as Pwned Passwords is downloaded): "
        "none of them is taken as a new password",
    )
    audit_days: int | None = Field(
        default=None,
        ge=30,
        description="days that the activity log is kept; workers remove what is older, up to a signed place. Default: "
        "for ever",
    )
    sealing_public_keys_dir: Path | None = Field(default=None, description="folder of <number>.public files")
    sealing_private_keys_dir: Path | None = Field(default=None, description="folder of <number>.private; workers only")
    smtp_host: str = Field(default="localhost", description="mail server (used by workers)")
    smtp_port: int = Field(default=25, ge=1, le=65535, description="mail server's port")
    smtp_user: str = Field(default="", description="name at the mail server; empty: no sign-in")
    smtp_password: Secret = Field(default=NOTHING, description="password at the mail server; workers only")
    smtp_tls: Literal["none", "starttls", "implicit"] = Field(default="none", description="how mail is encrypted")
    mail_from: str = Field(default="Gangway <gangway@localhost>", description="sender of every message")
    mail_webhook_secret: Secret = Field(
        default=NOTHING,
        description="key (whsec_…) by which the mail provider signs its calls about mails that came back, to "
        "/hooks/mail/; web only; empty: none is taken",
    )
    mail_retry_seconds: Seconds = Field(default=(60, 300, 1800, 7200), description="waits between mail attempts")
    mail_inside_hosts: Names = Field(
        default=(),
        description="hosts of your own network that providers may name as their mail server, though their addresses "
        "are private; they may be spoken to unencrypted; default: none",
    )
    webhook_inside_hosts: Names = Field(
        default=(),
        description="hosts of your own network that webhooks may call, though their addresses are private; localhost "
        "may then be called without https; default: none",
    )
    credential_kind: Literal["secret", "certificate", "federated"] = Field(
        default="secret", description="kind of credential that new invitations ask for unless the operator says another"
    )
    credential_days: int | None = Field(
        default=None,
        ge=1,
        le=730,
        description="days until the credentials of new invitations end unless the operator says other ones; default: "
        "the profile's, 180 with self-rotation and 365 without",
    )
    invitation_days: int = Field(default=7, ge=1, le=90, description="days an invitation is good for")
    operator_invitations_a_day: int = Field(
        default=100, ge=1, le=10_000, description="mails by which one person may invite operators within a day"
    )
    operator_invitations_a_day_to_one: int = Field(
        default=200, ge=1, le=10_000, description="mails that may invite operators to one organization within a day"
    )
    waiting_days: int = Field(
        default=60, ge=1, le=365, description="days a registration waits for an administrator with more rights"
    )
    worker_concurrency: int = Field(default=64, ge=1, le=500, description="jobs one worker runs at a time")
    worker_heartbeat_seconds: float = Field(default=5, gt=0, description="how often a worker says that it lives")
    worker_stalled_seconds: float = Field(
        default=15, gt=0, description="silence after which its jobs are given to others"
    )
    worker_grace_seconds: float = Field(default=25, ge=0, description="time running jobs get when a worker is stopped")
    run_deadline_seconds: int = Field(default=1800, gt=0, description="longest a provisioning run may take")
    propagation_deadline_seconds: int = Field(
        default=300, gt=0, description="longest wait for Microsoft's copies to agree"
    )
    deletion_grace_days: int = Field(
        default=7, ge=0, le=90, description="days in which the deletion of a service can be taken back"
    )
    contact_days: int = Field(
        default=90, ge=1, description="days after which the people of a deleted service are forgotten"
    )
    credential_rest_hours: int = Field(
        default=24, ge=0, description="how long a credential still works after another one took its place"
    )
    copying_look_seconds: float = Field(
        default=15, gt=0, description="first wait before a run that Microsoft is still copying is looked at again"
    )
    copying_deadline_seconds: int = Field(
        default=3600, gt=0, description="longest time that such a run is looked at again before it fails"
    )
    web_role: str = Field(default="gangway_web", description="the database role of web processes, granted by migrate")
    worker_role: str = Field(default="gangway_worker", description="the database role of workers, granted by migrate")
    web_confined: bool = Field(default=True, description="whether the web process gives up files it does not need")
    database_pool_size: int = Field(default=8, ge=2, le=200, description="most database connections of one process")
    show_components: bool = Field(
        default=False, description="whether there is a page of all components, for those who build pages"
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO",
        description="least level logged (by commands other than web and worker `WARNING`, unless it is set)",
    )
    log_format: Literal["json", "text"] = Field(default="json", description="one JSON object a line, or for reading")

    @field_validator("secret_key")
    @classmethod
    def _key_is_a_real_one(cls, value: SealedText, info: ValidationInfo) -> SealedText:
        text = value.reveal()
        if info.data.get("role") is Role.TEST and not text:
            return SealedText(secrets.token_urlsafe(SHORTEST_SECRET))
        if not text:
            raise ValueError("is missing|make one: python -c 'import secrets; print(secrets.token_urlsafe(50))'")
        if any(part in text.lower() for part in KNOWN_DEFAULTS):
            raise ValueError("is a default out of an example|make one of your own, at random")
        if len(text) < SHORTEST_SECRET or len(set(text)) < FEWEST_DIFFERENT:
            raise ValueError(f"is too easy to guess|use at least {SHORTEST_SECRET} random characters")
        return value

    @field_validator(*WORKER_ONLY)
    @classmethod
    def _workers_only(cls, value: Any, info: ValidationInfo) -> Any:
        given = value.reveal() if isinstance(value, SealedText) else value
        if info.data.get("role") is Role.WEB and given:
            raise ValueError("is for workers only|take it out of the web process's environment and settings file")
        return value

    @field_validator("sealing_public_keys_dir")
    @classmethod
    def _sealing_is_possible(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        if value is None and info.data.get("role") in {Role.WEB, Role.WORKER}:
            raise ValueError("is missing|make keys with `gangway keys new` and name the folder of the public ones")
        return value

    @field_validator("sealing_private_keys_dir")
    @classmethod
    def _opening_is_possible(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        if value is None and info.data.get("role") is Role.WORKER:
            raise ValueError("is missing|name the folder of <number>.private files; only workers may read it")
        return value

    @field_validator("public_url", "cloud_login_url", "cloud_graph_url")
    @classmethod
    def _origin(cls, value: str) -> str:
        return origin(value)

    @field_validator("issuer_url", "cloud_pages_url")
    @classmethod
    def _issuer(cls, value: str) -> str:
        return origin(value) if value else value

    @field_validator("credential_kind")
    @classmethod
    def _federation_has_an_issuer(cls, value: str, info: ValidationInfo) -> str:
        if value == "federated" and not info.data.get("issuer_url"):
            raise ValueError("needs an issuer|set issuer_url, or choose certificate or secret")
        return value

    @field_validator("database_url")
    @classmethod
    def _database_is_postgresql(cls, value: SealedText) -> SealedText:
        try:
            Address.parse(value)
        except ValueError:
            raise ValueError("is no PostgreSQL address|write postgresql://user:password@host:5432/name") from None
        return value

    @field_validator("egress_addresses")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for each in value:
            try:
                ip_network(each)
            except ValueError:
                raise ValueError("names no IP address or network|write 203.0.113.7,203.0.113.8/31") from None
        return value

    @field_validator("extra_ca_file", "breached_passwords_file")
    @classmethod
    def _file_is_there(cls, value: Path | None) -> Path | None:
        if value is not None and not value.is_file():
            raise ValueError("names a file that is not there|give the path of one, or leave it out")
        return value

    @field_validator("worker_stalled_seconds")
    @classmethod
    def _stalled_after_heartbeat(cls, value: float, info: ValidationInfo) -> float:
        if value < 2 * info.data.get("worker_heartbeat_seconds", 0):
            raise ValueError(
                "is too short|use at least twice worker_heartbeat_seconds, or living workers count as dead"
            )
        return value

    @property
    def https(self) -> bool:
        """Whether people reach us encrypted; cookies and HSTS follow from it."""
        return self.public_url.startswith("https://")

    @property
    def hosts(self) -> list[str]:
        """Host names the web process answers to."""
        own = self.public_url.partition("://")[2].rpartition(":")[0] or self.public_url.partition("://")[2]
        issuer = self.issuer_url.partition("://")[2].partition(":")[0]
        return list(self.allowed_hosts) or list(dict.fromkeys([own, *([issuer] if issuer else [])]))

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003  the names are pydantic's
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what `load` hands over counts: it has already merged environment and file."""
        return (init_settings,)

    @classmethod
    def load(cls, role: Role, *, environ: Mapping[str, str] = os.environ) -> Self:
        """Read the settings of a process with this role.

        Raises `SettingsFaulty` with every fault found, in words, and never with a value in them.
        """
        given, faults = collect(role, environ)
        try:
            settings = cls(**given)
        except ValidationError as error:
            raise SettingsFaulty([*faults, *map(_fault, error.errors(include_input=False))]) from None
        if faults:
            raise SettingsFaulty(faults)
        return settings


def collect(role: Role, environ: Mapping[str, str]) -> tuple[dict[str, Any], list[Fault]]:
    """Merge file and environment to one value for each field; what can't be read or isn't known is a fault."""
    values, faults = _from_file(environ.get(f"{PREFIX}SETTINGS_FILE", ""))
    own_names = {f"{PREFIX}{name.upper()}": name for name in Settings.model_fields}
    values.update({name: environ[key] for key, name in own_names.items() if environ.get(key)})
    url, url_faults = _database_url(role, environ)
    faults += url_faults + _unknown(environ, own_names)
    if url:
        values["database_url"] = url
    return {**values, "role": role}, faults


def _from_file(path: str) -> tuple[dict[str, Any], list[Fault]]:
    if not path:
        return {}, []
    try:
        return tomllib.loads(Path(path).read_text("utf-8")), []
    except (OSError, tomllib.TOMLDecodeError) as error:
        cure = "name a TOML file this process can read, or leave the variable out"
        return {}, [Fault(f"{PREFIX}SETTINGS_FILE", f"can't be read ({type(error).__name__})", cure)]


def _database_url(role: Role, environ: Mapping[str, str]) -> tuple[str, list[Fault]]:
    """Pick this role's own address; to be given somebody else's as well is a fault, in web and worker.

    Who is given only somebody else's doesn't mean the embedded database, which stands in where there is no address.
    """
    own = f"{PREFIX}{role.upper()}_DATABASE_URL"
    owner, mine = environ.get("DATABASE_URL", ""), environ.get(own, "")
    if role is Role.TEST or (role is Role.OWNER and (mine or owner)):
        return mine or owner, []
    foreign, cure = {
        Role.OWNER: (("WEB", "WORKER"), "this command works as the database's owner: give it DATABASE_URL"),
        Role.WEB: (("WORKER",), f"give a {role} process only {own}"),
        Role.WORKER: (("WEB",), f"give a {role} process only {own}"),
    }[role]
    names = ("DATABASE_URL", *(f"{PREFIX}{other}_DATABASE_URL" for other in foreign))
    given = [name for name in names if environ.get(name)]
    return mine, [Fault(name, "is another role's way into the database", cure) for name in given]


OTHER_NAMES = (
    "SETTINGS_FILE",
    "CLOCK_OFFSET_SECONDS",
    *(f"{role}_DATABASE_URL" for role in ("OWNER", "WEB", "WORKER", "TEST")),
)


def _unknown(environ: Mapping[str, str], known: Mapping[str, str]) -> list[Fault]:
    allowed = {*known, *(PREFIX + name for name in OTHER_NAMES)}
    strange = sorted(key for key in environ if key.startswith(PREFIX) and key not in allowed)
    return [Fault(key, "is not a setting Gangway knows", "correct its spelling or take it out") for key in strange]


def _fault(error: Any) -> Fault:
    field = str(error["loc"][0]) if error["loc"] else ""
    told = str(error["msg"])
    ours = told.startswith("Value error, ")
    what, _, cure = told.removeprefix("Value error, ").partition("|") if ours else (f"is wrong: {told}", "", "")
    described = Settings.model_fields[field].description if field in Settings.model_fields else ""
    fallback = f"it means: {described}" if described else "correct its spelling or take it out"
    return Fault(f"{PREFIX}{field.upper()}", what, cure or fallback)
