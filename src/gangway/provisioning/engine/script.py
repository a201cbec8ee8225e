"""The blueprint as a PowerShell script that an administrator reads and runs: the same state, reached by their own hand.

It looks before it makes anything, so that it can be run again. Whatever text comes from outside stands in it as a
literal or as a comment, and can be nothing else.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from string import Template
from typing import Final

from gangway.foundation.clouds import CloudName, cloud_name
from gangway.provisioning.engine.blueprint import TAG, Blueprint
from gangway.provisioning.engine.steps.credentials import Trust

TEMPLATE: Final = "script.ps1.txt"
QUOTES: Final = "'\u2018\u2019\u201a\u201b"
"""What PowerShell takes for the end of a literal text, unless it stands there twice."""

COMMENT: Final = re.compile(r"^( *# (?:\d\. )?)(.+)$", re.MULTILINE)
TELLING: Final = re.compile(r"((?:Write-Host|Write-Value|throw)(?: \[\w+\])? \(?)'( *(?:\d\. )?)([^']*\w[^']*)'")
"""What people read in it: its comments, and what it says. Values come in by PowerShell's own {0}."""
_PLACE: Final = re.compile(r"\$(\w+)")

ENVIRONMENTS: Final[Mapping[str, str]] = {
    CloudName.PUBLIC: "Global",
    CloudName.GCC_HIGH: "USGov",
    CloudName.DOD: "USGovDoD",
    CloudName.CHINA: "China",
}
"""What Microsoft's module calls the clouds."""


@dataclass(frozen=True)
class Certificate:
    """A certificate of ours that the registration is to trust: its name and its public part, in base64."""

    name: str
    key: str


@dataclass(frozen=True)
class Asked:
    """Who asks for it, for people who read the script. `fingerprint`: the plan's, as pages show it."""

    provider: str
    customer: str
    plan: str
    fingerprint: str


@dataclass(frozen=True)
class Wanted:
    """What the registration signs in with: a secret that Microsoft makes, unless one of the others is there."""

    name: str
    certificate: Certificate | None = None
    trust: Trust | None = None


def script(
    blueprint: Blueprint,
    asked: Asked,
    wanted: Wanted,
    *,
    cloud: str,
    unit_open: bool = False,
    say: Callable[[str], str] = str,
) -> str:
    """The whole script. `unit_open`: nobody named the administrative unit yet, so that whoever runs it has to.

    `say` puts what people read into their language. The same plan gives the same text, to the letter.
    """
    return Template(_in_words(template(), say)).substitute(
        provider=comment(asked.provider),
        customer=comment(asked.customer),
        plan=comment(asked.plan),
        fingerprint=comment(asked.fingerprint),
        unique_name=literal(blueprint.unique_name),
        display_name=literal(blueprint.display_name),
        notes=literal(blueprint.notes),
        tag=literal(TAG),
        environment=literal(ENVIRONMENTS[cloud_name(cloud)]),
        scopes=_listed(literal(scope) for scope in _scopes(blueprint, in_unit=unit_open or bool(blueprint.unit))),
        permissions=_rows(
            {"Resource": entry.resource, "Id": entry.id, "Name": entry.value, "Why": entry.why}
            for entry in blueprint.permissions
        ),
        services=_rows({"AppId": entry.app_id, "Name": entry.name, "Why": entry.why} for entry in blueprint.services),
        roles=_rows(
            {
                "Id": role.template_id,
                "Name": role.name,
                "Reach": "unit" if blueprint.is_limited(role) else "tenant",
                "Why": role.why,
            }
            for role in blueprint.roles
        ),
        unit_rule="[Parameter(Mandatory)] " if unit_open else "",
        unit=literal("" if unit_open else blueprint.unit),
        role_days=str(blueprint.role_days),
        owns_itself="$true" if blueprint.owns_itself else "$false",
        credential_name=literal(wanted.name),
        credential_days=str(blueprint.credential_days),
        certificate_name=literal(wanted.certificate.name if wanted.certificate else ""),
        certificate=literal(wanted.certificate.key if wanted.certificate else ""),
        issuer=literal(wanted.trust.issuer if wanted.trust else ""),
        subject=literal(wanted.trust.subject if wanted.trust else ""),
        audience=literal(wanted.trust.audience if wanted.trust else ""),
    )


def template() -> str:
    """The script before anything from outside is in it."""
    return resources.files("gangway.provisioning.engine").joinpath(TEMPLATE).read_text("utf-8")


def texts() -> list[str]:
    """What people read in the script, with places in braces."""
    read = [found[2] for found in COMMENT.finditer(template())] + [found[3] for found in TELLING.finditer(template())]
    return list(dict.fromkeys(_sentence(text) for text in read))


def _in_words(text: str, say: Callable[[str], str]) -> str:
    """The template, still without anything from outside, in the words of a language."""
    commented = COMMENT.sub(lambda found: found[1] + _said(found[2], say), text)
    return TELLING.sub(lambda found: found[1] + literal(found[2] + _said(found[3], say)), commented)


def _said(text: str, say: Callable[[str], str]) -> str:
    return re.sub(r"\{([a-z]\w*)\}", r"${\1}", say(_sentence(text)))


def _sentence(text: str) -> str:
    return _PLACE.sub(r"{\1}", text)


def literal(text: str) -> str:
    """A text as PowerShell's single-quoted literal: nothing in it is run, nothing in it ends it."""
    doubled = "".join(sign * 2 if sign in QUOTES else sign for sign in _one_line(text))
    return f"'{doubled}'"


def comment(text: str) -> str:
    """A text for a comment: it stays on its line."""
    return _one_line(text)


def _one_line(text: str) -> str:
    """Without anything that ends a line or changes how it is read (controls, direction marks)."""
    kept = (" " if unicodedata.category(sign) in {"Cc", "Zl", "Zp"} else sign for sign in text)
    return "".join(sign for sign in kept if unicodedata.category(sign) != "Cf")


def _scopes(blueprint: Blueprint, *, in_unit: bool) -> list[str]:
    """Delegated permissions that the person lends the script for this sign-in."""
    found = ["Application.ReadWrite.All", "AppRoleAssignment.ReadWrite.All", "RoleManagement.ReadWrite.Directory"]
    found += ["RoleAssignmentSchedule.ReadWrite.Directory"] if blueprint.role_days else []
    return [*found, *(["AdministrativeUnit.Read.All"] if in_unit else [])]


def _rows(rows: Iterable[Mapping[str, str]]) -> str:
    lines = ["; ".join(f"{name} = {literal(value)}" for name, value in row.items()) for row in rows]
    return "@(\n" + "".join(f"    @{{ {line} }}\n" for line in lines) + ")"


def _listed(texts: Iterable[str]) -> str:
    return "@(" + ", ".join(texts) + ")"
