"""The words of the public pages in English."""

from __future__ import annotations

from typing import Final

WORDS: Final[dict[str, str]] = {
    "skip": "Skip to the content",
    "unsubscribe_title": "Unsubscribe",
    "unsubscribe_ask": "Stop receiving “{title}”?",
    "unsubscribe_explain": "One press is enough. You will get no more mail of this newsletter.",
    "unsubscribe_button": "Unsubscribe",
    "unsubscribe_instead": "Or choose what you receive",
    "left_title": "You are unsubscribed",
    "left_explain": "You will get no more mail of “{title}”. A mail that is on its way may still arrive.",
    "left_back": "I did not mean it: choose again what you receive",
    "left_close": "You can close this page.",
    "preferences_title": "What you receive",
    "preferences_explain": "These choices are for “{title}” only.",
    "language": "Language",
    "kinds": "Kinds of content",
    "topics": "Topics",
    "topics_goals": "Sustainable Development Goals",
    "topics_agencies": "Agencies",
    "topics_other": "Other topics",
    "none_means_all": "Nothing ticked means everything.",
    "save": "Save",
    "saved": "Saved. Your next mail follows these choices.",
    "not_subscribed": "You are not subscribed to “{title}” at present, so there is nothing to choose.",
    "choose_language": "Choose one of the languages.",
    "stale_title": "This link is not complete",
    "stale_explain": (
        "Perhaps a part was lost when it was copied. Open it again from your mail, "
        "or answer that mail and a person will help you."
    ),
    "unknown_title": "This address is not known here any more",
    "unknown_explain": "No newsletter of ours goes to it. A mail that is on its way may still arrive.",
    "gone_title": "This edition is no longer here",
    "gone_explain": "The link is good, but the edition it names is not kept any more or was withdrawn.",
    "personal_title": "Personal links",
    "personal_explain": (
        "This page was opened from a copy of a mail that can be shared. The links to change or end a subscription "
        "work from your own mail only, so that nobody else can use them for you."
    ),
    "landing_explain": "This service sends newsletters and publishes posts for a communications team.",
    "landing_desk": "Open the desk",
    "landing_readers": (
        "Do you receive our mail? Each one has a link at its end to change what you receive, or to unsubscribe."
    ),
    "other_languages": "Other languages",
    "landing_subscribe": "Subscribe to our newsletters",
    "sign_up_title": "Subscribe to our newsletters",
    "sign_up_to": "Subscribe to “{title}”",
    "sign_up_email": "E-mail address",
    "sign_up_name": "Name (optional)",
    "sign_up_which": "Newsletters",
    "sign_up_less": "Only some topics or kinds of content",
    "sign_up_trap": "Leave this field empty",
    "sign_up_button": "Subscribe",
    "sign_up_next": "You will get a mail in which you confirm it. Without that nothing is sent.",
    "sign_up_mend": "Please look at what is marked below. Nothing that you wrote is lost.",
    "sign_up_no_address": "Write your e-mail address.",
    "sign_up_bad_address": "This is no e-mail address. It looks like name@example.org.",
    "sign_up_meant": "Did you mean {email}?",
    "sign_up_meant_use": "Use {email}",
    "sign_up_meant_keep": "It is right as I wrote it",
    "sign_up_bad_name": "Write a name of at most 100 characters, without links and special signs.",
    "sign_up_no_digest": "Choose at least one newsletter.",
    "sign_up_one_rhythm": "Two of these are the same newsletter at different rhythms. Choose one of them.",
    "sign_up_machine": "This is the mailbox of a machine. Write the address of a person.",
    "sign_up_role": "This is a mailbox of several people. Write the address of a person.",
    "sign_up_disposable": "Disposable addresses are not accepted here. Write one that you keep.",
    "sign_up_quick": "That was very fast. Please press the button once more.",
    "sign_up_stale": "Please look at the form once more, and press the button.",
    "sign_up_proof": (
        "Many forms are coming in at the moment, from your network or in all. Please press the button once "
        "more: your browser works for a second, which shows that you are not a program."
    ),
    "sign_up_no_script": (
        "Many forms are coming in at the moment, from your network or in all, and your browser does not run "
        "the script which would show that you are not a program. Please try again in an hour, or write to "
        "{contact}."
    ),
    "sign_up_wait": "One moment: your browser is working.",
    "sign_up_done_title": "Look into your mailbox",
    "sign_up_done": "If this address can be subscribed, a mail is on its way to it. Open the link in it to confirm:",
    "sign_up_done_none": (
        "Nothing there after some minutes? Look among spam. We write to an address once a day at most. "
        "If it does not work, write to {contact}."
    ),
    "sign_up_busy_title": "Too many at the moment",
    "sign_up_busy": "More forms are coming in than we take. Please try again in an hour, or write to {contact}.",
    "sign_up_network": (
        "Many forms have come from your network, such as an office that shares one connection. Please try "
        "again in an hour, or from another network, or write to {contact}."
    ),
    "home": "Home page",
    "confirmed_latest": "Read the latest edition",
    "confirmed_choose": "Choose what you receive",
    "sign_up_closed_title": "There is nothing to subscribe to here",
    "sign_up_closed": "No newsletter is open for subscriptions at this address.",
    "confirm_title": "Confirm your subscription",
    "confirm_explain": "Press the button to receive:",
    "confirm_which": "Press the button to receive what is ticked:",
    "confirm_button": "Yes, subscribe me",
    "confirm_not_you": "If it was not you who asked for this, close this page: nothing happens.",
    "confirmed_title": "You have confirmed it",
    "confirmed": "Thank you. From the next edition on you receive:",
    "confirm_expired_title": "This link is too old",
    "confirm_expired": "A link to confirm is good for seven days. If you still want our mail, subscribe once more.",
    "confirm_left_title": "You have left since",
    "confirm_left": (
        "This link was confirmed, and what it was for was unsubscribed from since: you receive nothing of "
        "it. If you want it again, subscribe once more, and open the link in the new mail."
    ),
    "confirm_again": "Subscribe again",
}
