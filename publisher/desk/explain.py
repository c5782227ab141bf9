"""States of deliveries, codes of the other side and deeds of the audit trail in plain words. Tables and look-ups only."""

from __future__ import annotations

from publisher.delivery.states import State

MEANING: dict[str, str] = {
    State.QUEUED: "It waits for its turn. Nothing has left yet.",
    State.SENDING: "A worker is handing it over right now. If the worker dies, this becomes unknown.",
    State.HANDED: "It waits for a person who posts it, and says where it is. Publisher does not send it.",
    State.SENT: "The other side took it.",
    State.DELIVERED: "The other side reported that it arrived.",
    State.BOUNCED: "It was accepted first and came back later. The address may be gone.",
    State.COMPLAINED: "The recipient marked it as unwanted. Nothing more is sent to this address.",
    State.FAILED: "The other side refused it for good, or every try failed. It did not arrive.",
    State.UNKNOWN: "Nobody can tell yet whether the other side accepted it. It is not repeated blindly.",
    State.SUPPRESSED: "The address is on the suppression list, so nothing was sent.",
    State.CANCELLED: "It was stopped before it left.",
    State.EXPIRED: "Its time had passed before it could be sent, so it was not sent late.",
}

# RFC 3463 and the IANA registry of enhanced status codes: the subjects people meet most.
ENHANCED: dict[str, str] = {
    "1.1": "There is no such mailbox.",
    "1.2": "There is no such domain, or it takes no mail.",
    "1.3": "The address is not written as an address may be.",
    "1.6": "The mailbox has moved and left no new address.",
    "1.10": "The domain says that it takes no mail at all.",
    "2.1": "The mailbox is closed or not in use.",
    "2.2": "The mailbox is full.",
    "2.3": "The message is larger than the mailbox takes.",
    "3.4": "The message is larger than the server takes.",
    "4.1": "The server did not answer.",
    "4.2": "The connection broke.",
    "4.4": "The server could not find the way to the mailbox.",
    "4.7": "The server could not hand it on in time.",
    "5.3": "Too many recipients in one message.",
    "6.0": "The server could not read the message's form.",
    "7.0": "The server refused for a reason of security.",
    "7.1": "The server's policy refuses this message.",
    "7.8": "The name or password for the mail server is wrong.",
    "7.20": "There was no valid DKIM signature.",
    "7.23": "The SPF check failed.",
    "7.25": "The sending address has no matching reverse name.",
    "7.26": "Neither SPF nor DKIM passed.",
    "7.28": "The server says that too much unwanted mail comes from us.",
}

TEMPORARY = " The server calls this temporary, so it is tried again later."

# RFC 5321, and HTTP (RFC 9110, 6585) for networks.
CODES: dict[int, str] = {
    250: "Accepted.",
    421: "The mail server closes the connection; it is tried again later.",
    450: "The mailbox is busy; it is tried again later.",
    451: "The mail server had an error of its own; it is tried again later.",
    452: "The mail server is out of space; it is tried again later.",
    535: "The name or password for the mail server is wrong.",
    550: "The mailbox does not exist, or the server refuses the message.",
    551: "The person has another address.",
    552: "The mailbox is full.",
    553: "The server does not allow this mailbox name.",
    554: "The server refused the message.",
    200: "Accepted.",
    201: "Published.",
    202: "Accepted.",
    400: "The network could not read the message.",
    401: "The network no longer accepts our access: connect the channel again.",
    403: "The network does not allow it.",
    404: "The network does not know this account or address.",
    409: "The network has it already.",
    413: "The message or its picture is too large.",
    422: "The network refused the content.",
    429: "Too many messages: the network asked us to wait.",
    500: "The network had an error of its own.",
    502: "The network could not be reached behind its gate.",
    503: "The network is not available now.",
    504: "The network did not answer in time.",
}


DEEDS: dict[str, str] = {
    "post.approved": "approved it",
    "post.edited": "edited the text",
    "post.cancelled": "cancelled it",
    "post.rescheduled": "changed the time",
    "post.drafted_again": "had it drafted again from the template",
    "post.redrafted": "wrote the text anew, since the item or its topics changed",
    "post.outdated": "took the approval back, since the item changed",
    "post.held": "held it",
    "post.picture_described": "described a picture",
    "post.picture_left_out": "left a picture out",
    "post.picture_put_back": "put the item's picture back",
    "post.picture_uploaded": "uploaded a picture",
    "post.picture_settled": "looked at it again, since its picture was fetched",
    "item.picture_fetched_again": "had its picture fetched again",
    "post.not_queued": "did not send it",
    "post.confirmed": "said what became of it",
    "post.handed": "handed it to a person to post",
    "post.posted": "posted it by hand",
    "post.not_posted": "decided not to post it",
    "post.taken_back": "took it back as a draft",
    "post.new_slot": "gave it another slot",
    "post.asks": "held it until somebody decides",
    "pause.begun": "paused it",
    "pause.released": "released it",
    "post.expire": "let it expire",
    "post.cancel": "cancelled it, since its item was retracted",
    "post.correction_asked": "asked for a correction of what was sent",
    "post.correction_again": "had a correction tried again",
    "post.correction_called_off": "called a correction off",
    "post.correction_confirmed": "said whether a correction was done",
    "post.correction_failed": "could not correct it",
    "post.corrected": "corrected what was sent",
    "post.corrected_by_hand": "corrected it on the network by hand",
    "post.left_as_it_is": "left it as it was sent",
    "channel.paused": "stopped the channel",
    "channel.resumed": "let the channel go on",
    "channel.created": "made the channel",
    "channel.changed": "changed the channel",
    "schedule.created": "made the schedule",
    "schedule.changed": "changed the schedule",
    "digest.created": "made the digest",
    "digest.changed": "changed the digest",
    "source.added": "added the source",
    "source.key_given": "gave the source a key for the API",
    "source.country": "said whose office the source is",
    "admin.created": "made an administrator's login",
    "admin.password_reset": "gave an administrator a new password",
    "edition.create": "made it",
    "edition.approve": "approved it",
    "edition.pause": "paused it",
    "edition.assemble_again": "had it assembled again",
    "edition.resume": "resumed it",
    "edition.cancel": "cancelled it",
    "edition.test": "sent a test of it",
    "edition.confirmed": "said what became of unclear mails",
    "sending.stopped": "stopped all sending",
    "sending.went_on": "let all sending go on",
    "mail_server.try": "had the mail server tried at once",
    "database.restored": "restored the database from a backup",
    "topic.accepted": "accepted a topic",
    "topic.declined": "declined a topic",
}


def deed(action: str) -> str:
    """What an entry of the audit trail says that somebody did."""
    return DEEDS.get(action) or action.replace(".", ": ").replace("_", " ")


def meaning(state: str, *, is_mail: bool, was_unclear: bool = False) -> str:
    """The state in a sentence or two. `was_unclear`: an earlier try may have been accepted."""
    if state == State.QUEUED and was_unclear:
        return "It waits to be sent again. An earlier try was unclear, so it may have arrived once already."
    inbox = (
        " Its server accepted it, which says nothing yet about the inbox."
        if is_mail and state == State.SENT
        else ""
    )
    return MEANING.get(state, "") + inbox


def code_meaning(code: int | None, enhanced: str) -> str:
    """What the other side's code says; the enhanced code is the more exact one. Empty when nobody knows."""
    subject = enhanced.partition(".")[2]
    if subject in ENHANCED and not enhanced.startswith("2"):
        return ENHANCED[subject] + (TEMPORARY if enhanced.startswith("4") else "")
    return CODES.get(code, "") if code is not None else ""
