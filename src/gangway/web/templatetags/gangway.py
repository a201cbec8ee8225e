"""The parts that pages are made of, as template tags: icon, pill, time, copy button and the blocks that hold others."""

import re
from datetime import date, datetime
from functools import cache
from typing import Any

from django import template
from django.forms import BoundField
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils.dateformat import format as written
from django.utils.formats import localize
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.timezone import localtime
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from gangway.accounts.microsoft import is_offered
from gangway.foundation import clock
from gangway.languages import said as languages
from gangway.languages.choice import ENGLISH, NAMES, known
from gangway.languages.times import DAYS
from gangway.web.words import Pill

register = template.Library()

WITH_HOUR = "j M Y, H:i T"
WITH_SECOND = "j M Y, H:i:s T"
SHORTEST = 0.1
"""Seconds below which a step's time is only called short."""

SPRITE = "vendor/tabler-icons/sprite.svg"

TONES_OF_MESSAGES = {"success": "ok", "info": "busy", "debug": "idle"}
"""Django's levels of messages that we call by another name."""


@register.simple_tag
@cache
def icon(name: str, turning: bool = False) -> SafeString:
    """Draw one icon; it is decoration, the word beside it carries the meaning."""
    return format_html(
        '<svg class="gw-icon{}" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        " gw-turns" if turning else "",
        static(SPRITE),
        name,
    )


@register.simple_tag
def pill(value: Pill) -> SafeString:
    """Show a state as word, shape and tint together."""
    return format_html(
        '<span class="gw-pill gw-tone-{}">{}{}</span>', value.tone, icon(value.shape, value.turning), value.word
    )


@register.simple_tag
def dot(value: Pill) -> SafeString:
    """Show only the shape of a state, for timelines whose text says the word."""
    return format_html('<span class="gw-dot gw-tone-{}">{}</span>', value.tone, icon(value.shape, value.turning))


@register.simple_tag
def moment(at: datetime | None, zone: bool = False) -> SafeString:
    """Write a time in the zone we know of; the browser puts it in its person's manner. A dash when there is none."""
    if at is None:
        return mark_safe("–")
    text = written(localtime(at), WITH_HOUR)
    return format_html('<time datetime="{}" data-local="{}">{}</time>', at.isoformat(), "zone" if zone else "yes", text)


@register.simple_tag
def exact(at: datetime) -> SafeString:
    """Write a time to the second, with its zone: to be compared with other logs."""
    text = written(localtime(at), WITH_SECOND)
    return format_html('<time datetime="{}" data-local="exact">{}</time>', at.isoformat(), text)


@register.simple_tag
def day(at: datetime | None) -> SafeString:
    """Write only the day, for narrow columns; who points at it is told the hour. A dash when there is none."""
    if at is None:
        return mark_safe("–")
    here = localtime(at)
    return format_html(
        '<time datetime="{}" data-local="day" title="{}">{}</time>',
        at.isoformat(),
        written(here, WITH_HOUR),
        written(here, "j M Y"),
    )


@register.filter
def in_words(on: date) -> str:
    """Write a day with its month as a word, in the manner of the page's language."""
    return written(on, DAYS[known(get_language() or ENGLISH)])


@register.simple_tag
def number(value: int) -> SafeString:
    """Write a count with its thousands apart; the browser does it in its person's manner."""
    return format_html('<data value="{}" data-number="yes">{}</data>', value, f"{value:,}")


@register.filter
def counted(value: int) -> SafeString:
    """Write a count within a sentence as `number` does."""
    return number(value)


@register.simple_tag
def server_time() -> str:
    """Say what time it is here, for countdowns in browsers whose clocks are wrong."""
    return clock.now().isoformat()


@register.filter
def as_seconds(duration: float) -> str:
    """Write how long something took; less than a tenth of a second is not worth a number."""
    if duration < SHORTEST:
        return _("< 0.1 s")
    return _("%(seconds)s s") % {"seconds": localize(round(duration, 1))}


@register.filter
def fours(text: str) -> str:
    """Cut a fingerprint into groups of four, for eyes to compare."""
    plain = text.replace(" ", "")
    return " ".join(plain[start : start + 4] for start in range(0, len(plain), 4))


@register.simple_tag
def yes_no(value: bool | None) -> SafeString:
    """Say true or false as a pill, and a dash for what nobody knows yet."""
    if value is None:
        return mark_safe("–")
    return pill(Pill(_("true"), "ok", "check") if value else Pill(_("false"), "idle", "circle-minus"))


@register.simple_block_tag(end_name="end_page_head")
def page_head(content: str, title: str, lead: str = "", back_url: str = "", back: str = "") -> str:
    """Open a page: where one is, how to get back, what the page is for; the block holds its actions."""
    return render_to_string(
        "components/page_head.html",
        {"title": title, "lead": lead, "back_url": back_url, "back": back, "actions": mark_safe(content.strip())},  # noqa: S308 rendered by a template
    )


@register.simple_block_tag(takes_context=True, end_name="end_filters")
def filters(context: template.Context, content: str, label: str) -> str:
    """Ask a list for less: a search that follows the typing, and the filters that the block holds."""
    values = {"label": label, "wanted": context["wanted"], "filters": mark_safe(content.strip())}  # noqa: S308 rendered by a template
    return render_to_string("components/filters.html", values | _asked_with(context))


def _asked_with(context: template.Context) -> dict[str, Any]:
    """What a part needs of the request; all that stands on every page would be looked up anew for each row's dialog."""
    return {"request": context.get("request"), "csrf_token": context.get("csrf_token")}


@register.filter
def chosen(choices: dict[str, str], name: str) -> str:
    """Return what a list's filter was set to."""
    return choices.get(name, "")


@register.simple_block_tag(end_name="end_note")
def note(content: str, tone: str = "busy", role: str = "") -> str:
    """Say one thing that concerns the whole page; the tone chooses shape and tint."""
    tone = TONES_OF_MESSAGES.get(tone, tone)
    shape = {"ok": "circle-check", "warning": "alert-triangle", "error": "alert-octagon"}.get(tone, "info-circle")
    return format_html(
        '<div class="gw-note gw-tone-{}"{}>{}<div>{}</div></div>',
        tone,
        format_html(' role="{}"', role) if role else "",
        icon(shape),
        mark_safe(content.strip()),  # noqa: S308 rendered by a template
    )


@register.simple_block_tag(end_name="end_details")
def details(content: str, summary: str = "", opened: bool = False) -> str:
    """Fold away what only some readers need, by default under *Details for your IT team*."""
    return format_html(
        '<details class="gw-details"{}><summary>{}</summary><div>{}</div></details>',
        mark_safe(" open") if opened else "",
        summary or _("Details for your IT team"),
        mark_safe(content.strip()),  # noqa: S308 rendered by a template
    )


@register.simple_block_tag(takes_context=True, end_name="end_dialog")
def dialog(context: template.Context, content: str, name: str, title: str, action: str, button: str) -> str:
    """Ask before something that can't be taken back: names the object, says what happens, posts when confirmed."""
    values: dict[str, Any] = {"name": name, "title": title, "action": action, "button": button}
    body = mark_safe(content.strip())  # noqa: S308 rendered by a template
    return render_to_string("components/dialog.html", values | {"body": body, **_asked_with(context)})


@register.simple_tag
def copies(source: str, word: str, classes: str = "btn btn-outline") -> SafeString:
    """Make a button that copies the text of the element with this id."""
    return format_html(
        '<button type="button" class="{}" data-copies="{}" data-copied="{}" data-failed="{}">{}'
        "<span data-word>{}</span></button>",
        classes,
        source,
        _("Copied"),
        _("Please copy it by hand"),
        icon("copy"),
        word,
    )


@register.simple_tag
def risk(grade: int) -> str:
    """Say Microsoft's grade of a permission's risk, 1 to 5, in words."""
    words = {1: _("Very low"), 2: _("Low"), 3: _("Medium"), 4: _("High")}
    return words.get(grade, _("Very high"))


@register.filter
def said(text: object) -> str:
    """Say a text that a room made in English in the language of the page."""
    return languages.said(str(text)) if text else ""


@register.filter
def named(name: object) -> str:
    """Say the name of a registration, which is ours to say only where we made it up."""
    return languages.named(str(name)) if name else ""


@register.filter
def language_name(code: str) -> str:
    """Return how a language calls itself."""
    return NAMES[known(code)]


@register.filter
def dialog_name(thing: object) -> str:
    """Return the id of the dialog that withdraws this thing."""
    return f"revoke-{thing}"


@register.filter
def styled(field: BoundField) -> SafeString:
    """Render a field of somebody else's form with our class."""
    ticked = field.widget_type in {"checkbox", "radioselect"}
    return field.as_widget(attrs={"class": "form-check-input" if ticked else "form-control", "placeholder": ""})


@register.filter
def breakable(name: str) -> SafeString:
    """Let a dotted name such as a permission's, or an address, break after its dots and before its at sign only."""
    return format_html_join(mark_safe("<wbr>"), "{}", ((part,) for part in re.split(r"(?<=\.)|(?=@)", name)))


@register.simple_tag
def microsoft_offered() -> bool:
    """Return whether people can sign in with Microsoft here."""
    return is_offered()
