"""Bounces that do not follow RFC 3464: qmail, Exim, Sendmail of old, Domino, QQ, 163 and many others. Pure.

Not an address is looked for, since our own return path names the delivery: only whether it is a bounce, and why it came back.
"""

from __future__ import annotations

import re

from publisher.feedback.models import Report
from publisher.feedback.reading.answers import has_null_path, is_daemon, says_replied
from publisher.feedback.reading.causes import FINAL, cause_of, codes_in, is_permanent
from publisher.feedback.reading.mail import Mail
from publisher.feedback.reading.said import LONGEST_SAID, Reading

C = Report.Cause

_FAILED_SUBJECT = re.compile(
    r"undeliver|not (?:be )?deliver|non-?delivery|warning: (?:message|could)|delayed"
    r"|not yet been delivered|delivery warning|processing error|rejected mail"
    r"|automatically rejected|failure notice|delivery (?:status )?(?:notification|report|failure"
    r"|problem|error|has failed|failed)|mail delivery|returned mail|mail (?:failure|error"
    r"|returned)"
    r"|returned to sender|message (?:status|rejected|not delivered|delivery failure)|(?:nachricht"
    r"|e-?mail).{0,30}(?:unzustellbar|nicht zugestellt)|unzustellbar|fehlgeschlagen|zustellung"
    r"|non[- ](?:remis|distribu|délivr)|échec|no (?:entregad|se ha podido)|error de entrega"
    r"|mancata consegna|não (?:entregue|foi entregue)|falha na entrega|devuelto|devolvido"
    r"|не ?доставлен|退信|系统退信|投递失败|发送失败|未送达|无法送达|無法傳遞|无法投递"
    r"|退回|配信(?:エラー|不能)|送信(?:エラー|不能)|bounce"
    r"|message you sent|user unknown|failed|blocked by",
    re.IGNORECASE,
)
_FAILED_WORDS = re.compile(
    r"(?:could|can|was|were|has|have|is|did)(?: not|n't|not| ?not been)? ?(?:be )?(?:delivered"
    r"|deliver|undeliverable|reach)|undeliverable|unable to deliver|not able to deliver"
    r"|wasn't able to deliver"
    r"|delivery (?:to the following|has failed|failed|of the message|error)|failed permanently"
    r"|permanent (?:fatal )?errors?|delivery to .{0,80}failed|following (?:recipients?"
    r"|address(?:es)?|destination)"
    r"|this is a permanent error|requested action|has been returned"
    r"|encountered .{0,20}delivery problems|delivery (?:of email )?to this address"
    r"|awaiting delivery|i've given up|returned (?:below|to sender)|rejected your message|(?:was"
    r"|been) (?:automatically )?rejected|your (?:message|mail) .{0,80}(?:reject|refus|not deliver"
    r"|bounc|return|undeliver)|mail(?:er)? daemon"
    r"|konnte nicht|nicht zugestellt|n'a pas (?:pu|été)|no (?:pudo|se pudo)|non (?:è stato|ha)"
    r"|не (?:было|может|удалось)|未能|无法(?:送达|投递|发送)|被退回|退信原因|退回|抱歉|配信できません|送信できません",
    re.IGNORECASE,
)
_STILL_TRYING = re.compile(
    r"(?:will|shall|is going to|to) (?:be )?(?:retr|continue|keep|try|attempt)\w*|still (?:trying"
    r"|being)|no action is required|you do not need to resend|do(?:es)? not need to (?:resend"
    r"|retry)|warning (?:message )?only"
    r"|has not (?:yet )?been delivered|delay(?:ed)?\b|could not be delivered for .{0,20}(?:hours?"
    r"|minutes)|not yet|temporarily deferred|仍在尝试|继续尝试|将继续|延迟|wird weiterhin"
    r"|tentatives? se poursui",
    re.IGNORECASE,
)
_GIVEN_UP = re.compile(
    r"not going to try|given up|gave up|giving up|permanent|will not (?:be )?(?:retr|try|attempt)"
    r"|won't (?:be )?(?:retr|try)|no (?:more|further) (?:attempts|delivery attempts|retries)"
    r"|not (?:be )?retried|has failed|failed permanently|expired|undeliverable",
    re.IGNORECASE,
)
_SURELY_TRYING = re.compile(
    r"will (?:be )?(?:retr|continue|keep)|still trying|warning message only|advisory-only"
    r"|has not yet been delivered|will be attempted|仍在尝试|继续尝试|将继续",
    re.IGNORECASE,
)
_ANSWER = re.compile(r"(?:re|aw|antw|sv|ref|rif|回复|答复|回覆)\s*[:：]", re.IGNORECASE)
_DELAY_SUBJECT = re.compile(r"\bdelay|warning|延迟|verzöger|retard|still|尚未", re.IGNORECASE)
_MAKER = re.compile(
    r"qmail-send program|this message was created automatically by mail delivery software"
    r"|this is the (?:postfix|mail system|mail delivery)|the following addresses had (?:permanent"
    r"|transient)|your message was not delivered"
    r"|the original message was received at|----- transcript of session follows -----"
    r"|failed to deliver to|this is an automatically generated delivery status notification",
    re.IGNORECASE,
)


def read_old_form(mail: Mail) -> Reading | None:
    """What a bounce in words says; None when it does not look like one. Only a mail system is believed that it is for good."""
    failed_to = mail.get("x-failed-recipients")
    words = mail.text.strip()[:12_000] or mail.returned[:4000]
    told = _telling(words)
    smtp, enhanced = codes_in(told)
    cause = cause_of(smtp, enhanced, told)
    if cause is C.UNCLEAR:
        smtp, enhanced = codes_in(words[:6000])
        cause = cause_of(smtp, enhanced, words[:6000])
    from_daemon = is_daemon(mail) or _has_a_systems_path(mail)
    has_cause = cause is not C.UNCLEAR
    coded = is_daemon(mail) and has_cause and bool(smtp or enhanced)  # in whatever language
    if not (failed_to or coded or _looks_like_one(mail, from_daemon=from_daemon, has_cause=has_cause)):
        return None
    delayed = _is_delayed(mail, words)
    permanent = False if delayed else is_permanent(smtp, enhanced)
    if permanent is None and cause in FINAL:
        permanent = True
    if permanent and not (from_daemon or failed_to):
        permanent = None
    return Reading(
        kind=Report.Kind.DELAYED if delayed else Report.Kind.BOUNCE,
        cause=cause,
        permanent=permanent,
        code=enhanced or smtp,
        said=" ".join(told.split())[:LONGEST_SAID],
        recipient=failed_to.split(",")[0].strip()[:320],
        form="words",
    )


def _has_a_systems_path(mail: Mail) -> bool:
    """A person's “she has left, this address is closed” has a null return path as well; it answers, and its subject says so."""
    if not has_null_path(mail) or _ANSWER.match(mail.subject):
        return False
    return not says_replied(mail) or bool(_FAILED_SUBJECT.search(mail.subject))


def _looks_like_one(mail: Mail, *, from_daemon: bool, has_cause: bool) -> bool:
    """From a mail system a subject or a sentence is enough; from anybody else both are needed, and that nobody answers us."""
    subject = bool(_FAILED_SUBJECT.search(mail.subject))
    words = bool(_FAILED_WORDS.search(mail.text[:8000]))
    made_by_one = bool(_MAKER.search(mail.text[:4000]))
    if mail.report_type == "delivery-status" or (made_by_one and (words or has_cause or mail.returned)):
        return True
    if from_daemon:
        return subject or words or made_by_one
    return subject and (words or has_cause) and not _ANSWER.match(mail.subject)


def _is_delayed(mail: Mail, words: str) -> bool:
    said, subject = words[:3000], bool(_DELAY_SUBJECT.search(mail.subject))
    if _GIVEN_UP.search(said) and not subject:
        return False
    if subject:
        return bool(_STILL_TRYING.search(f"{mail.subject} {said}"))
    return bool(_SURELY_TRYING.search(said))


_CODED = re.compile(
    r"(?<![\d.])(?:[45][0-5]\d[ -]|[45]\.\d{1,3}\.\d{1,3})|(?i:remote host said|reason|原因|said:|error:)"
)


def _telling(words: str) -> str:
    """The lines that hold the answer of a mail server, with what follows each; else all of the words, shortened."""
    lines = [line.strip() for line in words.splitlines() if line.strip()]
    for number, line in enumerate(lines):
        if _CODED.search(line) and codes_in(" ".join(lines[number : number + 2])) != ("", ""):
            return " ".join(lines[number : number + 4])
    return " ".join(lines)[:3000]
