"""The findings of a preflight in plain words, in the language of whoever reads them."""

from __future__ import annotations

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from publisher.digests.preflight import Finding

NAMES: Final[dict[str, Promise]] = {
    "items": _("Items"),
    "subject": _("Subject"),
    "size": _("Size"),
    "unsubscribe": _("Way out"),
    "sender": _("Sender"),
    "address": _("Who writes"),
    "translations": _("Translations"),
    "pictures": _("Pictures"),
    "accessibility": _("Accessibility"),
    "links": _("Links"),
    "spam": _("Spam score"),
}

WORDS: Final[dict[str, Promise]] = {
    "items-ok": _("Items: %(n)s. All of them may go out. Readers: %(recipients)s."),
    "items-retracted": _("It holds what was retracted. It is assembled again without it in a moment."),
    "items-embargo": _("It holds what is under embargo. It is assembled again without it in a moment."),
    "items-outdated": _("A newer revision came in. Assemble the edition again to show it."),
    "items-nobody": _("Nobody gets it: no reader has chosen anything that it holds."),
    "subject-ok": _("There is one in each language, and phones show it whole or nearly so."),
    "subject-empty": _("There is none. Write a subject, or give the digest a title."),
    "subject-raw": _("It still shows the marks of a template. Mend the template."),
    "subject-long": _("Phones cut it. Say what matters in the first 40 characters, or make it shorter."),
    "size-ok": _("The largest mail has %(kb)s KB of HTML; Gmail shows %(most)s KB."),
    "size-nearly": _("The largest mail has %(kb)s KB of HTML. Gmail cuts off what is behind %(most)s KB."),
    "size-over": _(
        "The largest mail has %(kb)s KB of HTML. Gmail cuts off what is behind %(most)s KB, the way to unsubscribe included. "
        "Leave items out, or shorten their summaries."
    ),
    "unsubscribe-ok": _("The link stands in both parts, and the header offers one click."),
    "unsubscribe-link": _("A mail lacks the link to unsubscribe. The template must hold it."),
    "unsubscribe-header": _("A mail lacks the header List-Unsubscribe, which Gmail and Yahoo demand."),
    "unsubscribe-https": _(
        "The link and the header are there, but one click needs https: set PUBLISHER_BASE_URL to the https address."
    ),
    "unsubscribe-unread": _("Not checked: the finished mail could not be read. Assemble the edition again."),
    "sender-ok": _("Mail of %(domain)s is signed (DKIM). `publisher doctor` asks whether DNS has the key."),
    "sender-provider": _("The provider signs the mail of %(domain)s. `publisher doctor` asks what DNS says."),
    "sender-unsigned": _(
        "Mail of %(domain)s is not signed by Publisher (DKIM). Large providers refuse bulk mail that nobody signs: make a key "
        "with `publisher dkim create`, unless your mail server signs."
    ),
    "address-ok": _("The organisation and its postal address stand in every mail."),
    "address-no-organisation": _(
        "The digest names no organisation: readers, and many laws, ask who writes to them."
    ),
    "address-no-postal_address": _("The digest has no postal address, which many laws demand of bulk mail."),
    "translations-ok": _("Every item is there in every language."),
    "translations-one": _("It comes in one language only."),
    "translations-none": _("Readers in the language %(language)s get nothing: no item is in it."),
    "translations-missing": _("Readers in the language %(language)s miss items that others get: %(n)s."),
    "pictures-ok": _("All are there, and described."),
    "pictures-gone": _("Their servers say that these do not exist; they are left out of the mail."),
    "pictures-undescribed": _(
        "A picture without a description is read out by its item's title. Describe it at its source."
    ),
    "pictures-late": _("Not checked in time: %(n)s. Check again, or open them yourself."),
    "accessibility-ok": _(
        "Language, title, headings, tables, links and pictures are as screen readers need them."
    ),
    "accessibility-wrong": _("Screen readers will have trouble with the markup. Mend the template."),
    "links-ok": _("All %(n)s answer."),
    "links-gone": _("Links lead nowhere: %(n)s. Mend the item at its source, or leave it out."),
    "links-unsure": _("Links gave no clear answer: %(n)s. They may work for readers; open them yourself."),
    "links-late": _("Not checked in time: %(n)s. Check again, or open them yourself."),
    "links-not-yet": _("Not asked yet whether they answer."),
    "spam-ok": _("SpamAssassin gives it %(score)s points; %(most)s would be spam."),
    "spam-nearly": _("SpamAssassin gives it %(score)s points, which is much; %(most)s would be spam."),
    "spam-is": _("SpamAssassin gives it %(score)s points and calls it spam (from %(most)s on)."),
    "spam-not-yet": _("Not scored yet."),
    "spam-no-filter": _(
        "Not scored: SpamAssassin is not installed on this host (`apt install spamassassin`)."
    ),
    "spam-no-answer": _("Not scored: SpamAssassin gave no answer in time. Try again."),
}


def said(finding: Finding) -> str:
    """The finding as a sentence or two."""
    words = WORDS.get(finding.key)
    return str(words) % dict(finding.values) if words else finding.key
