"""Events: each is described and documented, and what changes something records one."""

from __future__ import annotations

import re
from pathlib import Path

from gangway.audit.events import Event
from tests.house import events_page, reaching

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "gangway"

WITHOUT_EVENT: dict[str, str] = {
    "connections.actions.follow_switch": "part of a switch, whose event is recorded where it is decided",
    "connections.actions.hold": "only locks",
    "connections.actions.hold_all": "only locks",
    "connections.actions.need_no_pause_above": "only looks",
    "invitations.actions.keep_open": "follows from a run that waits, whose event says so",
    "invitations.actions.on_revoke": "only keeps who is told when one is withdrawn",
    "jobs.actions.defer": "a job is how something is done, not what; what it does is recorded by itself",
    "notifications.outbox.check_address": "only looks",
    "notifications.outbox.defer_sending": "a job; sending is recorded by itself",
    "notifications.outbox.link_place": "only says where",
    "organizations.actions.save_operator": "part of adding a person, which is recorded by the caller",
    "organizations.actions.system": "the root of the tree is there from the first migration",
    "organizations.changing.call": "names a row for the caller, who saves and records it",
    "organizations.changing.hold_in_use": "only locks",
    "organizations.changing.locked_parent": "only locks",
    "organizations.changing.on_another_cloud": "only says whom to ask, when the application is ready",
    "organizations.changing.on_other_tenants": "only says who hears of it, when the application is ready",
    "organizations.changing.save": "writes a row for the caller, who records it",
    "organizations.people.create_person": "a person without a role; giving the role is recorded",
    "organizations.people.held_person": "only locks",
    "organizations.people.may_change": "only looks",
    "organizations.people.wholly_given": "only locks and looks",
    "services.actions.check_full_name": "only looks",
    "services.actions.follow_customer": "follows from a changed customer, which is recorded",
    "services.actions.hold": "only locks",
    "services.actions.note_credential": "keeps for lists what a validation has recorded",
    "services.actions.note_forgotten": "marks what forgetting people has recorded",
    "vault.actions.destroy_untold": "what strangers left; whoever calls it counts them in an entry of its own",
    "vault.actions.put": "writes down what was sealed before; what it is kept for is recorded by the caller",
}
"""Public actions that write and record no event, as "room.function", each with its reason."""


CHANGES = re.compile(
    r"(changed|edited|extended|(?<!re)moved|readdressed|registered|renamed|:set|role_mapping:(added|removed))$"
)
"""Names of events that say that something became another: these tell what it was and what it is."""
BOTH = ({"before", "after"}, {"from", "to"}, {"was", "now_is"}, {"differing"}, {"_differ"})
"""What a function names that tells both: the fields themselves, or what compares them."""
WITHOUT_BOTH: dict[str, str] = {
    "accounts:credential:changed": "what was and what is are secrets; which one it was is told",
    "connections:freeze:set": "a freeze is added, or taken away by an event of its own",
    "invitations:invitation:moved": "the entry before in the same chain says where it stood",
    "invitations:invitation:plan_changed": "the differences stand in it in words; a plan is too long",
}
"""Events of a change that tell no fields before and after, each with its reason."""


def test_what_was_and_what_is_stands_in_every_event_of_a_change():
    told = {event.name: event.value for event in Event if CHANGES.search(event.value)}
    recording, forgotten = reaching.reaching(("gangway.audit.record", "record")), []
    for module, function in reaching.functions():
        if (module, function.name) not in recording:
            continue
        words = reaching.words(function)
        if any(both <= words for both in BOTH):
            continue
        named = words & set(told) - {name for name in told if told[name] in WITHOUT_BOTH}
        forgotten += [f"{module}.{function.name}: {told[name]}" for name in sorted(named)]
    assert forgotten == [], "record fields before and after, or write the reason into WITHOUT_BOTH"
    assert set(WITHOUT_BOTH) <= set(told.values()), "these are gone: take them off the list"


def test_every_event_says_when_it_happens():
    assert [event for event, line in events_page.described().items() if not line.endswith(".")] == []
    assert set(events_page.described()) == {event.value for event in Event}


def test_every_event_is_documented():
    assert events_page.PAGE.read_text("utf-8") == events_page.page(), "run: python -m tests.house.events_page"


def test_every_event_is_recorded_somewhere():
    text = "\n".join(file.read_text("utf-8") for file in SOURCE.rglob("*.py") if file.name != "events.py")
    assert [event.name for event in Event if not re.search(rf"\bEvent\.{event.name}\b", text)] == []


def test_every_action_records_an_event():
    recording = reaching.reaching(("gangway.audit.record", "record"))
    actions = reaching.public_functions("actions.py", "people.py", "changing.py", "outbox.py")
    silent = [
        f"{module.removeprefix('gangway.')}.{name}" for module, name in actions if (module, name) not in recording
    ]
    forgotten = sorted(set(silent) - set(WITHOUT_EVENT))
    assert forgotten == [], "call audit.record.record() in the same transaction, or write the reason into WITHOUT_EVENT"
    assert sorted(set(WITHOUT_EVENT) - set(silent)) == [], "these record an event, or are gone: take them off the list"
