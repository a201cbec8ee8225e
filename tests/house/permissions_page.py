"""Writes docs/permissions.md out of the profiles: ``python -m tests.house.permissions_page``."""

from __future__ import annotations

from pathlib import Path

from gangway.provisioning.engine.profile import Feature, Permission, Profile, Role, load

PAGE = Path(__file__).parents[2] / "docs" / "permissions.md"
PROFILES = ("teams-voice", "qoe")
HEAD = """\
# Permissions

What a registration that Gangway makes may do in a customer's tenant, made from the profiles
(`src/gangway/provisioning/engine/profiles`) by `python -m tests.house.permissions_page`, and compared by a test.
*Since* is the version of the profile that asked for it first. A right is asked for only with its feature; an optional
feature can be declined, and its line says what that means. *During set-up* goes when the set-up is done. Risk: 1 to
5, Microsoft's own grade for permissions, ours for roles. Why it is made so: [why/profiles.md](why/profiles.md).
"""
STAGES = {"setup": "during set-up", "always": "always"}
RIGHTS = "| right | kind | id | feature | since | when | risk | what for | without it |\n" + "|---" * 9 + "|\n"
FEATURES = "| feature | key | since | asked for | what for | when it is declined |\n|---|---|---|---|---|---|\n"


def page() -> str:
    """The page as it should be."""
    return HEAD + "".join(_profile(profile) for name in PROFILES if (profile := load(name)))


def _profile(profile: Profile) -> str:
    titles = {feature.key: feature.title for feature in profile.features}
    rows = [_feature(one) for one in profile.features]
    rights = [_right(one, "permission", one.id, one.value, titles) for one in profile.permissions]
    rights += [_right(one, "role", one.template_id, one.name, titles) for one in profile.roles]
    for choice in profile.role_choices:
        kind = f"role, with “{choice.title}”"
        rights += [_right(one, kind, one.template_id, one.name, titles) for one in choice.roles]
    return f"\n## {profile.title} (`{profile.name}`)\n\n{FEATURES}{''.join(rows)}\n{RIGHTS}{''.join(rights)}"


def _feature(one: Feature) -> str:
    asked = "always" if not one.optional else "unless declined" if one.on_by_default else "when chosen"
    return _line(one.title, f"`{one.key}`", _version(one.since), asked, one.why, one.declining)


def _right(one: Permission | Role, kind: str, guid: str, name: str, titles: dict[str, str]) -> str:
    also = "".join(f" {titles[each.feature]}: {each.why}" for each in getattr(one, "also", ()))
    facts = (titles[one.feature], _version(one.since), STAGES[one.stage], str(one.risk))
    return _line(f"`{name}`", kind, f"`{guid}`", *facts, one.why + also, one.without)


def _version(since: int) -> str:
    return f"version {since}"


def _line(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
