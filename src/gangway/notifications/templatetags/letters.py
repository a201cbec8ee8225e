"""What letters are set with, so that a sentence is the same in the text and in the HTML, and translated once."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.filter
def strong(value: str) -> SafeString:
    """Set a value bold."""
    return format_html("<strong>{}</strong>", value)


@register.filter
def mailto(address: str) -> SafeString:
    """Let one write to an address."""
    return format_html('<a href="mailto:{}">{}</a>', address, address)


@register.filter
def isolated(value: str) -> SafeString:
    """Keep a number or an id as it is in a sentence that is written from right to left."""
    return format_html('<bdi dir="ltr">{}</bdi>', value)


@register.filter
def linked(address: str) -> SafeString:
    """Show a link's whole address, which may break anywhere; it reads from left to right in every language."""
    style = "overflow-wrap:anywhere;word-break:break-word"
    return format_html('<a href="{}" dir="ltr" style="{}">{}</a>', address, style, address)
