"""What is said of a sender's domain: each shape of SPF, DKIM and DMARC, and never more than DNS can tell."""

import asyncio

import pytest
from asgiref.sync import async_to_sync

from gangway.notifications import sender_dns
from gangway.notifications.sender_dns import NoAnswer
from gangway.notifications.states import Finding

DOMAIN, HOST = "mail.sandbox.example", "smtp.sandbox.example"
NEVER = ["an answer that never comes"]
GOOD = {
    (HOST, "A"): ["203.0.113.7"],
    (DOMAIN, "TXT"): ["google-site=x", "v=spf1 ip4:203.0.113.0/24 -all"],
    (f"s1._domainkey.{DOMAIN}", "TXT"): ["v=DKIM1; k=rsa; p=MIGfMA0G"],
    (f"_dmarc.{DOMAIN}", "TXT"): ["v=DMARC1; p=reject; rua=mailto:d@sandbox.example"],
}


def seen(changes=None, *, selector="s1", host=HOST, seconds=60):
    records = GOOD | (changes or {})

    async def ask(name, kind):
        found = records.get((name, kind), [])
        if found is None:
            raise NoAnswer
        if found == NEVER:
            await asyncio.Event().wait()
        return found

    looked = async_to_sync(sender_dns.look)(
        ask, domain=DOMAIN, host=host, selector=selector, reports_to="help@sandbox.example", seconds=seconds
    )
    return {one.key: one for one in looked}


def test_a_domain_that_vouches_for_its_mails_is_said_to():
    assert {one.state for one in seen().values()} == {Finding.GOOD}


@pytest.mark.parametrize(
    "text",
    [
        "v=spf1 a:smtp.sandbox.example -all",
        "v=spf1 mx -all",
        "v=spf1 include:relay.example ~all",
        "v=spf1 redirect=relay.example",
    ],
)
def test_the_mail_servers_addresses_are_found_wherever_the_record_leads(text):
    more = {
        (DOMAIN, "TXT"): [text],
        (DOMAIN, "MX"): ["10 smtp.sandbox.example."],
        ("relay.example", "TXT"): ["v=spf1 include:deeper.example -all"],
        ("deeper.example", "TXT"): ["v=spf1 ip4:203.0.113.7 -all"],
    }
    assert seen(more)["spf"].state is Finding.GOOD


@pytest.mark.parametrize(
    ("texts", "state", "words", "better"),
    [
        ([], Finding.WRONG, "no SPF record", f"v=spf1 a:{HOST} ~all"),
        (["v=spf1 -all", "v=spf1 ~all"], Finding.WRONG, "2 SPF records", ""),
        (["v=spf1 +all"], Finding.WRONG, "lets everybody send", "v=spf1 ~all"),
        (["v=spf1 +ALL"], Finding.WRONG, "lets everybody send", "v=spf1 ~all"),
        (["V=SPF1 All"], Finding.WRONG, "lets everybody send", "V=SPF1 ~all"),
        (["v=spf1 -ALL"], Finding.LOOK, "which we can't see", f"v=spf1 a:{HOST} -ALL"),
        (["v=spf1 REDIRECT=a.example"], Finding.LOOK, "does not list", f"v=spf1 a:{HOST} REDIRECT=a.example"),
        (["v=spf1 ip4:192.0.2.1 -all"], Finding.LOOK, "which we can't see", f"v=spf1 ip4:192.0.2.1 a:{HOST} -all"),
        (["v=spf1 include:a.example"], Finding.LOOK, "does not list", f"v=spf1 include:a.example a:{HOST} ~all"),
        (["v=spf1 include:round.example -all"], Finding.WRONG, "more than 10 look-ups", ""),
    ],
)
def test_what_is_to_be_done_about_spf_is_said_exactly(texts, state, words, better):
    more = {(DOMAIN, "TXT"): texts, ("round.example", "TXT"): ["v=spf1 include:round.example -all"]}
    found = seen(more)["spf"]
    assert (found.state, found.text) == (state, better)
    assert words in found.words


@pytest.mark.parametrize(
    ("host", "wanted"),
    [
        ("127.0.0.1", "ip4:<the address that the mail server is seen by outside>"),
        ("localhost", "ip4:<the address that the mail server is seen by outside>"),
        ("203.0.114.9", "ip4:203.0.114.9"),
        ("2600::1", "ip6:2600::1"),
    ],
)
def test_a_mail_server_is_listed_as_receivers_see_it(host, wanted):
    assert seen({(DOMAIN, "TXT"): []}, host=host)["spf"].text == f"v=spf1 {wanted} ~all"
    inside = "<" in wanted
    assert (seen(host=host)["spf"].state is Finding.UNKNOWN) is inside


def test_a_mail_server_without_an_address_leaves_spf_unknown():
    assert seen({(HOST, "A"): []})["spf"].state is Finding.UNKNOWN


@pytest.mark.parametrize(
    ("texts", "state", "words"),
    [
        ([], Finding.WRONG, "No key is published at s1._domainkey"),
        (["v=DKIM1; p="], Finding.WRONG, "withdrawn"),
        (["v=DKIM1; t=y; p=MIGf"], Finding.LOOK, "it is a test"),
        (["v=DKIM1; p=MIGf"], Finding.GOOD, "can't be seen from here"),
    ],
)
def test_of_dkim_the_key_is_seen_and_whether_one_signs_is_not(texts, state, words):
    found = seen({(f"s1._domainkey.{DOMAIN}", "TXT"): texts})["dkim"]
    assert found.state is state
    assert words in found.words


def test_without_a_selector_dkim_stays_unknown():
    assert seen(selector="")["dkim"].state is Finding.UNKNOWN


WATCHED = "v=DMARC1; p={}; rua=mailto:help@sandbox.example"


@pytest.mark.parametrize(
    ("own", "above", "state", "text"),
    [
        ([], [], Finding.WRONG, "v=DMARC1; p=none; rua=mailto:help@sandbox.example"),
        (["v=DMARC1; p=none"], [], Finding.LOOK, "v=DMARC1; p=quarantine"),
        (["v=DMARC1; p=maybe"], [], Finding.WRONG, "v=DMARC1; p=none; rua=mailto:help@sandbox.example"),
        (["v=DMARC1; p=none", "v=DMARC1; p=reject"], [], Finding.WRONG, ""),
        ([], ["v=DMARC1; p=reject"], Finding.GOOD, ""),
        ([], ["v=DMARC1; p=reject; sp=none"], Finding.LOOK, WATCHED.format("reject")),
        (["v=DMARC1; p=none"], ["v=DMARC1; p=reject"], Finding.LOOK, "v=DMARC1; p=reject"),
        (["v=DMARC1; p=none"], ["v=DMARC1; p=none; sp=reject"], Finding.LOOK, "v=DMARC1; p=reject"),
        (["v=DMARC1; sp=none; P = none; pct=5"], [], Finding.LOOK, "v=DMARC1; sp=none; P = quarantine; pct=5"),
        (["v=DMARC1; p=maybe"], ["v=DMARC1; p=quarantine"], Finding.WRONG, WATCHED.format("quarantine")),
        ([], ["v=DMARC1; p=reject; sp=maybe"], Finding.WRONG, WATCHED.format("reject")),
        (
            [],
            ["v=DMARC1; p=none; rua=mailto:x@y.example"],
            Finding.LOOK,
            "v=DMARC1; p=quarantine; rua=mailto:x@y.example",
        ),
    ],
)
def test_the_policy_of_the_domain_or_of_the_nearest_one_above_counts(own, above, state, text):
    found = seen({(f"_dmarc.{DOMAIN}", "TXT"): own, ("_dmarc.sandbox.example", "TXT"): above})["dmarc"]
    assert (found.state, found.text) == (state, text)


def test_what_name_servers_do_not_tell_is_not_known():
    silent = {(DOMAIN, "TXT"): None, (f"s1._domainkey.{DOMAIN}", "TXT"): None, (f"_dmarc.{DOMAIN}", "TXT"): None}
    assert {one.state for one in seen(silent).values()} == {Finding.UNKNOWN}


def test_a_domain_with_a_policy_of_its_own_needs_no_answer_from_those_above():
    above = {("_dmarc.sandbox.example", "TXT"): None}
    assert seen(above)["dmarc"].state is Finding.GOOD
    watching = seen(above | {(f"_dmarc.{DOMAIN}", "TXT"): ["v=DMARC1; p=none"]})["dmarc"]
    assert (watching.state, watching.text) == (Finding.LOOK, "v=DMARC1; p=quarantine")
    assert "sandbox.example did not answer" in watching.words
    assert seen(above | {(f"_dmarc.{DOMAIN}", "TXT"): []})["dmarc"].state is Finding.UNKNOWN


def test_only_so_many_domains_above_are_asked():
    assert sender_dns._upwards("a.b.c.example") == ["a.b.c.example", "b.c.example", "c.example"]
    assert len(sender_dns._upwards(".".join("a" * 60))) == sender_dns.MOST_ABOVE


def test_all_questions_together_have_one_end():
    found = seen({(f"s1._domainkey.{DOMAIN}", "TXT"): NEVER}, seconds=0.05)
    assert (found["spf"].state, found["dkim"].state) == (Finding.GOOD, Finding.UNKNOWN)
    assert {one.state for one in seen(dict.fromkeys(GOOD, NEVER), seconds=0).values()} == {Finding.UNKNOWN}
