"""What is known of readers."""

from __future__ import annotations

from typing import Final

from publisher.retention.known.row import AUDIENCE, LETTERS, NOBODY, WITH_PERSON, Known

READERS: Final[dict[str, Known]] = {
    "audience.Subscriber": Known(
        "email email_key name state zone attributes counted created_at tags",
        "address, name, time zone, tags, what the organisation knows besides; whether they agreed to be counted",
        "to send what they asked for, at their time, in their name",
        "their sign-up; staff, an import or the API, with the source of consent",
        "while they receive something; then `PUBLISHER_KEEP_LEFT_DAYS`, or until they erase themselves",
        AUDIENCE,
    ),
    "audience.Subscription": Known(
        "subscriber digest_id selection state since ended_at paused_until moved_to",
        "which digests, since when, paused or ended",
        "to know what to send, and what not to send any more",
        "the reader, staff, an import",
        WITH_PERSON,
        AUDIENCE,
    ),
    "audience.Selection": Known(
        "key topics kinds language region",
        "a choice of topics, kinds, language and region that readers share; names nobody by itself",
        "to put each edition together once for all who chose alike",
        "the reader",
        "for ever: without its readers it says nothing of them",
        "Everybody in the desk.",
    ),
    "audience.Consent": Known(
        "subscriber digest_id action how text page client at",
        "what they agreed to or withdrew, when, how, on which page; the client's address as a salted hash",
        "proof of consent (GDPR, article 7)",
        "each sign-up, confirmation, change and leaving",
        WITH_PERSON,
        AUDIENCE,
    ),
    "audience.ConsentText": Known(
        "digest language text first_at",
        "the text that was agreed to, word by word; nothing of a person",
        "proof of consent",
        "the sign-up page",
        "for ever",
        AUDIENCE,
    ),
    "audience.SignUp": Known(
        "email email_key name wanted language zone text page client created_at expires_at confirmed_at held "
        "refused_at already_at subscriber",
        "address, name and choices of somebody who asked and has not confirmed yet; the client's address as a salted hash",
        "to ask their mailbox, and to subscribe them as they asked",
        "the sign-up page, its form on other sites, the API",
        "7 days for the link, then `PUBLISHER_KEEP_SIGN_UPS_DAYS`",
        AUDIENCE,
    ),
    "audience.AddressChange": Known(
        "subscriber email email_key language created_at expires_at old_confirmed_at new_confirmed_at ended_at outcome",
        "the new address, and what both mailboxes said",
        "to change the address only when both agree",
        "the reader",
        LETTERS + " after it ended",
        AUDIENCE,
    ),
    "audience.ReaderLetter": Known(
        "kind state sign_up subscriber change digest_id to to_key language message_key attempts reason code enhanced said due_at "
        "lease_until created_at settled_at",
        "that a letter went to an address: asking to confirm, a welcome, the way to their data. Its text is not kept",
        "to send it once, and not too often; to know until when its link is good",
        "sign-ups, changes of address, who asks for their data or to be erased",
        LETTERS + " after it was sent, or with its sign-up",
        AUDIENCE,
    ),
    "audience.Tag": Known(
        "name key created_at",
        "words that staff put on subscribers",
        "to choose groups of readers",
        "staff",
        "until staff delete it",
        AUDIENCE,
    ),
    "audience.Suppression": Known(
        "email_key reason evidence at until",
        "an address, and why nothing may be sent to it, with the words of the other side",
        "not to write where nobody wants it or nobody is",
        "bounces, complaints, the reader, staff, an import",
        "without an end: for ever, since else we would write again; with one: `PUBLISHER_KEEP_EVIDENCE_DAYS` after it",
        AUDIENCE,
    ),
    "audience.Erased": Known(
        "hash at",
        "a salted hash of the address of somebody who was erased, and when",
        "so that no import brings them back",
        "erasing",
        "for ever; until they sign up themselves",
        NOBODY,
    ),
    "audience.Salt": Known(
        "sealed created_at",
        "random bytes that keep hashes of addresses from being guessed; encrypted",
        "so that nobody finds an address by hashing all that they can think of",
        "made once",
        "for ever",
        NOBODY,
    ),
    "counting.PersonCount": Known(
        "subscriber edition link_id n first_at last_at",
        "which links of which edition a person followed, and that they opened it; only of those who agreed",
        "to see what readers find useful",
        "clicks and opens, where a digest counts by person",
        "`PUBLISHER_KEEP_COUNTS_DAYS` after the last time; until they withdraw",
        "The person, in their download. The desk shows totals only.",
    ),
}
