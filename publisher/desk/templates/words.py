"""The words that a template of posts may use, with what each gives: shown beside the editor. A test holds it against the code."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy as _

WORDS: Final = (
    (
        "{{ fit(item.title) }}",
        _("The title; shortened when the post is too long, the last fit of the template first."),
    ),
    ("{{ fit(item.summary) }}", _("The summary, in the same way.")),
    ("{{ link }}", _("The item’s address for the channel’s readers, with its UTM parameters.")),
    ("{{ hashtags(3) }}", _("At most so many hashtags of the item’s topics; they go before words do.")),
    ("{{ hashtags(2, closed=true) }}", _("The same, written #so# as Chinese networks do.")),
    ("{{ kind }}", _("What the item is, in its language: Press release.")),
    ("{{ date }}", _("The day on which it was published, in its language.")),
    ("---", _("A line of three hyphens: a new message, where the channel makes threads; else a blank line.")),
    ("{{ item.text }}", _("The beginning of the body, without markup.")),
    ("{{ item.url }}", _("The address as the source sent it.")),
    ("{{ item.id }}", _("The item’s number here.")),
    ('{% if item.kind == "speech" %}…{% endif %}', _("For some kinds only.")),
    ('{% if item.language[:2] == "zh" %}…{% else %}…{% endif %}', _("By the item’s language.")),
    ('{{ item.topics|join(", ") }}', _("The topics’ names.")),
    ("{{ item.tags|first }}", _("What hashtags are made of.")),
    ("{{ item.published_at.year }}", _("A part of the date: year, month, day, hour, minute.")),
    ("{% if item.image_url %}…{% endif %}", _("Only where there is a picture.")),
    ("{{ item.image_alt }}", _("What the picture shows.")),
    ("{# … #}", _("A remark that nobody sees.")),
)
