"""What a customer's people read: every text is in the catalogs, and the catalogs are what the product reads."""

from __future__ import annotations

import re
from io import BytesIO

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import read_mo, write_mo

from tests.house import texts
from tests.house.text_sources import PLAIN, ROOT, TEMPLATES, every_text

NOTHING_SAID = {ROOT / "web" / "templates" / "components" / f"{name}.html" for name in ("wordmark", "empty")}
"""Parts without words."""
BUTTONS = (
    "Finish the connection",
    "Sign in to remove what remains",
    "Start Authentication",
    "Start Provisioning",
    "Use App Registration",
)
"""Words on buttons and choices that sentences elsewhere name."""
SPACELESS = re.compile("(?<![\u00a0\u202f])[:;?!»](?!//)|«(?!\u00a0)")
"""A French sign that touches its word, or may be torn from it at the end of a line."""


def ids(catalog):
    return {tuple(one.id) if isinstance(one.id, (list, tuple)) else one.id for one in catalog if one.id}


def strings(catalog):
    told = {}
    for one in catalog:
        if one.id and texts.whole(one):
            told[one.id if isinstance(one.id, str) else one.id[0]] = one.string
    return told


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_the_catalog_has_exactly_the_texts_of_the_sources(language):
    assert ids(texts.read(texts.path_of(language))) == set(every_text()), "run python -m tests.house.texts"


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_the_product_reads_what_the_catalog_says(language):
    with texts.path_of(language, "mo").open("rb") as file:
        read = strings(read_mo(file))
    made = BytesIO()
    write_mo(made, texts.read(texts.path_of(language)))
    made.seek(0)
    assert read == strings(read_mo(made)), "run python -m tests.house.texts"


def test_what_a_listed_template_is_made_of_is_listed_too():
    listed = {path for pattern in TEMPLATES for path in ROOT.glob(pattern)}
    used = re.compile(r"{% (?:include|extends) \"([^\"]+)\"")
    folders = [ROOT / "web" / "templates", ROOT / "notifications" / "templates"]
    found = {folder / name for path in listed for name in used.findall(path.read_text("utf-8")) for folder in folders}
    assert {path for path in found if path.exists()} - listed == NOTHING_SAID


TO_THE_DESK = {"provisioning/checks.py", "provisioning/credential_ends.py"}
"""What a validation sees: operators read it, no customer does."""


def test_who_makes_a_line_of_what_was_seen_is_listed_unless_only_operators_read_it():
    making = re.compile(r"(?<!class )\bCheckItem\(")
    makers = {
        path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*.py") if making.search(path.read_text("utf-8"))
    }
    assert makers > TO_THE_DESK
    assert sorted(makers - TO_THE_DESK - {name for name, definitions in PLAIN.items() if not definitions}) == []


def test_an_english_name_with_brackets_in_it_is_not_torn_apart_in_hebrew():
    torn = re.compile(r"\((?:Application|Directory) \(")
    assert [one for one in strings(texts.read(texts.path_of("he"))).values() if torn.search(str(one))] == []


def test_the_patterns_are_those_of_the_sources():
    assert texts.PATTERNS.read_text("utf-8") == texts.patterns(), "run python -m tests.house.texts"


@pytest.mark.parametrize(
    ("text", "said", "fault"),
    [
        ("Go on", "", "has no translation"),
        ("Hello %(name)s", "Hallo", "has other placeholders"),
        ("{name} signed in.", "{nom} s'est connecté.", "has other placeholders"),
        ("<strong>No</strong>", "<b>Nein</b>", "has other HTML"),
        ("Until", "Bis ", "begins or ends with a blank"),
    ],
)
def test_a_faulty_translation_is_named(text, said, fault):
    catalog = Catalog(locale="de", fuzzy=False)
    catalog.add(text, said)
    assert fault in " ".join(texts.faults(catalog))


def test_a_guessed_translation_is_named():
    catalog = Catalog(locale="de", fuzzy=False)
    catalog.add("Go on", "Weiter", flags=["fuzzy"])
    assert "is fuzzy" in " ".join(texts.faults(catalog))


def test_each_form_of_a_plural_is_asked_for():
    catalog = Catalog(locale="de", fuzzy=False)
    catalog.add(("%(n)s user", "%(n)s users"), ("%(n)s Person", ""))
    assert list(texts.faults(catalog))


def test_a_known_translation_stays_and_one_of_a_text_that_is_gone_goes():
    kept = next(text for text in every_text() if isinstance(text, str))
    known = Catalog(locale="de", fuzzy=False)
    known.add(kept, "gesagt")
    known.add("Nobody says this any more.", "weg")
    made = texts.merged("de", known)
    assert made.get(kept).string == "gesagt"
    assert made.get("Nobody says this any more.") is None


def test_nothing_guessed_is_taken_over():
    guessed = Catalog(locale="de", fuzzy=False)
    text = next(one for one in every_text() if isinstance(one, str))
    guessed.add(text, "vielleicht", flags=["fuzzy"])
    assert not texts.merged("de", guessed).get(text).string


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_no_text_is_missing_guessed_or_wrong(language):
    assert list(texts.faults(texts.read(texts.path_of(language)))) == [], "see docs/how-to/languages.md"


@pytest.mark.parametrize("language", texts.LANGUAGES)
@pytest.mark.parametrize("button", BUTTONS)
def test_a_sentence_names_a_button_with_the_buttons_own_words(language, button):
    catalog = texts.read(texts.path_of(language))
    words = catalog.get(button).string
    naming = [one for one in catalog if isinstance(one.id, str) and button in one.id]
    assert len(naming) > 1
    assert [one.string for one in naming if words not in one.string] == []


def test_french_signs_keep_an_unbreakable_space_before_them():
    said = strings(texts.read(texts.path_of("fr"))).values()
    forms = [form for one in said for form in ((one,) if isinstance(one, str) else one)]
    assert [form for form in forms if SPACELESS.search(form)] == []


def test_a_sign_behind_a_text_is_translated_with_it():
    behind = re.compile(r'{% translate "[^"]*" %}(?:{% endif %})?[:;?!]')
    paths = {path for pattern in TEMPLATES for path in ROOT.glob(pattern)}
    assert [path.name for path in sorted(paths) if behind.search(path.read_text("utf-8"))] == []
