"""States of deliveries, codes of the other side and deeds of the audit trail in plain words. Tables and look-ups only."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from publisher.delivery.states import State

MEANING: dict[str, str | Promise] = {
    State.QUEUED: _("It waits for its turn. Nothing has left yet."),
    State.SENDING: _("A worker is handing it over right now. If the worker dies, this becomes unknown."),
    State.HANDED: _("It waits for a person who posts it, and says where it is. Publisher does not send it."),
    State.SENT: _("The other side took it."),
    State.DELIVERED: _("The other side reported that it arrived."),
    State.BOUNCED: _("It was accepted first and came back later. The address may be gone."),
    State.COMPLAINED: _("The recipient marked it as unwanted. Nothing more is sent to this address."),
    State.FAILED: _("The other side refused it for good, or every try failed. It did not arrive."),
    State.UNKNOWN: _("Nobody can tell yet whether the other side accepted it. It is not repeated blindly."),
    State.SUPPRESSED: _("The address is on the suppression list, so nothing was sent."),
    State.CANCELLED: _("It was stopped before it left."),
    State.EXPIRED: _("Its time had passed before it could be sent, so it was not sent late."),
}

# RFC 3463 and the IANA registry of enhanced status codes: the subjects people meet most.
ENHANCED: dict[str, str | Promise] = {
    "1.1": _("There is no such mailbox."),
    "1.2": _("There is no such domain, or it takes no mail."),
    "1.3": _("The address is not written as an address may be."),
    "1.6": _("The mailbox has moved and left no new address."),
    "1.10": _("The domain says that it takes no mail at all."),
    "2.1": _("The mailbox is closed or not in use."),
    "2.2": _("The mailbox is full."),
    "2.3": _("The message is larger than the mailbox takes."),
    "3.4": _("The message is larger than the server takes."),
    "4.1": _("The server did not answer."),
    "4.2": _("The connection broke."),
    "4.4": _("The server could not find the way to the mailbox."),
    "4.7": _("The server could not hand it on in time."),
    "5.3": _("Too many recipients in one message."),
    "6.0": _("The server could not read the message's form."),
    "7.0": _("The server refused for a reason of security."),
    "7.1": _("The server's policy refuses this message."),
    "7.8": _("The name or password for the mail server is wrong."),
    "7.20": _("There was no valid DKIM signature."),
    "7.23": _("The SPF check failed."),
    "7.25": _("The sending address has no matching reverse name."),
    "7.26": _("Neither SPF nor DKIM passed."),
    "7.28": _("The server says that too much unwanted mail comes from us."),
}

TEMPORARY: dict[str, str | Promise] = {
    "": _("The server calls this temporary, so it is tried again later."),
    State.BOUNCED: _("The server called this temporary, but gave the mail back: it is not tried again."),
    State.FAILED: _(
        "The server called this temporary, but no try got through: it is not tried again by itself."
    ),
}
"""What follows from an answer that is not for good, by what became of the mail."""
PUT_OFF = frozenset({421, 450, 451, 452})

# RFC 5321, and HTTP (RFC 9110, 6585) for networks.
CODES: dict[int, str | Promise] = {
    250: _("Accepted."),
    421: _("The mail server closes the connection."),
    450: _("The mailbox is busy."),
    451: _("The mail server had an error of its own."),
    452: _("The mail server is out of space."),
    535: _("The name or password for the mail server is wrong."),
    550: _("The mailbox does not exist, or the server refuses the message."),
    551: _("The person has another address."),
    552: _("The mailbox is full."),
    553: _("The server does not allow this mailbox name."),
    554: _("The server refused the message."),
    200: _("Accepted."),
    201: _("Published."),
    202: _("Accepted."),
    400: _("The network could not read the message."),
    401: _("The network no longer accepts our access: connect the channel again."),
    403: _("The network does not allow it."),
    404: _("The network does not know this account or address."),
    409: _("The network has it already."),
    413: _("The message or its picture is too large."),
    422: _("The network refused the content."),
    429: _("Too many messages: the network asked us to wait."),
    500: _("The network had an error of its own."),
    502: _("The network could not be reached behind its gate."),
    503: _("The network is not available now."),
    504: _("The network did not answer in time."),
}


DEEDS: dict[str, str | Promise] = {
    "post.approved": _("approved it"),
    "post.edited": _("edited the text"),
    "post.channel_added": _("had it drafted for a channel whose rules had not"),
    "post.cancelled": _("cancelled it"),
    "post.rescheduled": _("changed the time"),
    "post.drafted_again": _("had it drafted again from the template"),
    "post.redrafted": _("wrote the text anew, since the item or its topics changed"),
    "post.outdated": _("took the approval back, since the item changed"),
    "post.held": _("held it"),
    "post.picture_described": _("described a picture"),
    "post.picture_left_out": _("left a picture out"),
    "post.picture_put_back": _("put the item's picture back"),
    "post.picture_uploaded": _("uploaded a picture"),
    "post.picture_settled": _("looked at it again, since its picture was fetched"),
    "item.picture_fetched_again": _("had its picture fetched again"),
    "post.not_queued": _("did not send it"),
    "post.confirmed": _("said what became of it"),
    "post.handed": _("handed it to a person to post"),
    "post.posted": _("posted it by hand"),
    "post.not_posted": _("decided not to post it"),
    "post.taken_back": _("took it back as a draft"),
    "post.new_slot": _("gave it another slot"),
    "post.asks": _("held it until somebody decides"),
    "pause.begun": _("paused it"),
    "pause.released": _("released it"),
    "post.expire": _("let it expire"),
    "post.cancel": _("cancelled it, since its item was retracted"),
    "post.correction_asked": _("asked for a correction of what was sent"),
    "post.correction_again": _("had a correction tried again"),
    "post.correction_approved": _("approved a correction of what was sent"),
    "post.correction_approved_by_one": _("approved a correction, as one of two"),
    "post.correction_lacks_approvals": _("held a correction back, since it lacks approvals"),
    "post.correction_called_off": _("called a correction off"),
    "post.correction_confirmed": _("said whether a correction was done"),
    "post.correction_failed": _("could not correct it"),
    "post.corrected": _("corrected what was sent"),
    "post.corrected_by_hand": _("corrected it on the network by hand"),
    "post.left_as_it_is": _("left it as it was sent"),
    "channel.paused": _("stopped the channel"),
    "channel.resumed": _("let the channel go on"),
    "channel.connected": _("gave it a new access"),
    "channel.connecting": _("asked the network for access"),
    "channel.settings": _("changed the account's settings"),
    "channel.disconnected": _("disconnected it"),
    "channel.template": _("changed its template"),
    "networkapp.stored": _("stored the keys of the application"),
    "schedule.deleted": _("deleted the schedule"),
    "post.reslotted": _("took its slot, which the changed schedule no longer has"),
    "channel.created": _("made the channel"),
    "channel.changed": _("changed the channel"),
    "schedule.created": _("made the schedule"),
    "schedule.changed": _("changed the schedule"),
    "digest.created": _("made the digest"),
    "digest.changed": _("changed the digest"),
    "digest.on": _("switched the digest on"),
    "digest.off": _("switched the digest off"),
    "source.added": _("added the source"),
    "source.key_given": _("gave the source a key for the API"),
    "source.country": _("said whose office the source is"),
    "admin.created": _("made an administrator's login"),
    "admin.password_reset": _("gave an administrator a new password"),
    "edition.create": _("made it"),
    "edition.arranged": _("changed which items it holds, or their order"),
    "edition.readers": _("chose who gets it"),
    "edition.written": _("changed its subject, introduction or preheader"),
    "edition.approve": _("approved it"),
    "edition.pause": _("paused it"),
    "edition.assemble_again": _("had it assembled again"),
    "edition.resume": _("resumed it"),
    "edition.cancel": _("cancelled it"),
    "edition.test": _("sent a test of it"),
    "edition.confirmed": _("said what became of unclear mails"),
    "edition.retried": _("had failed mails tried again"),
    "delivery.retried": _("had it tried again"),
    "delivery.sent_again": _("sent it once more to its reader"),
    "delivery.taken": _("took the message with its reader's links"),
    "deliveries.exported": _("exported rows of the delivery log"),
    "audit.exported": _("exported entries of the audit trail"),
    "export.asked": _("asked for an export"),
    "export.fetched": _("fetched an export"),
    "sending.stopped": _("stopped all sending"),
    "sending.went_on": _("let all sending go on"),
    "mail_server.try": _("had the mail server tried at once"),
    "database.restored": _("restored the database from a backup"),
    "topic.accepted": _("accepted a topic"),
    "topic.declined": _("declined a topic"),
}


def meaning(state: str, *, is_mail: bool, was_unclear: bool = False) -> str:
    """The state in a sentence or two. `was_unclear`: an earlier try may have been accepted."""
    if state == State.QUEUED and was_unclear:
        return gettext(
            "It waits to be sent again. An earlier try was unclear, so it may have arrived once already."
        )
    told = [MEANING[state]] if state in MEANING else []
    if is_mail and state == State.SENT:
        told.append(gettext("Its server accepted it, which says nothing yet about the inbox."))
    return " ".join(map(str, told))


def code_meaning(code: int | None, enhanced: str, state: str = "") -> str:
    """What the other side's code says; the enhanced code is the more exact one. Empty when nobody knows. `state`: what became of
    the message, since what has ended is not tried again."""
    subject = enhanced.partition(".")[2]
    if subject in ENHANCED and not enhanced.startswith("2"):
        said, is_temporary = ENHANCED[subject], enhanced.startswith("4")
    elif code in CODES:
        said, is_temporary = CODES[code], code in PUT_OFF
    else:
        return ""
    told = [said, *([TEMPORARY.get(state, TEMPORARY[""])] if is_temporary else [])]
    return " ".join(map(str, told))
