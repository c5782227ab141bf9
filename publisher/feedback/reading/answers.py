"""Mails that programs answer by themselves, mails that want the sender to prove something, and people who ask to leave. Pure.

None of these says that an address is dead: they are recognised so that they are left alone.
"""

from __future__ import annotations

import re

from publisher.feedback.reading.mail import Mail

_DAEMON = re.compile(
    r"(?:^|[<\s\"])(?:mailer-?daemon|mail-?daemon|post-?master|mdaemon|mail-?delivery|bounces?"
    r"|mailerdaemon|double-bounce"
    r"|microsoftexchange[0-9a-f]{20,})(?:[-+][^@\s]*)?@"
    r"|mail delivery (?:sub)?system|mail delivery service|系统退信|邮件系统|系統退信",
    re.IGNORECASE,
)
_SUBJECT = re.compile(
    r"\b(?:out[ -]of[ -](?:the[ -])?office|ooo|auto(?:matic|mated)?[ -]?(?:reply|response|answer"
    r"|responder|replied)|auto: |on (?:vacation|holiday|leave)"
    r"|vacation (?:reply|notice|message)|away from (?:my|the) (?:office|mail|desk)|i am (?:away"
    r"|out|on)|i'm (?:away|out)|thank you for (?:your (?:e-?mail|message|enquiry|inquiry)"
    r"|contacting))\b"
    r"|\[?auto-?re(?:ply|sponse)\]?|自动回复|自动答复|自動回覆|自動回复|不在办公室|外出|休假|假期|請假|请假"
    r"|r[ée]ponse automatique|absen(?:ce|t)\b|absent(?:e|es)? du bureau|en cong[ée]s?\b"
    r"|hors du bureau|message d'absence"
    r"|abwesen(?:d|heit)|automatische antwort|autom\. antwort|nicht im (?:b[üu]ro|haus)|im urlaub"
    r"|abwezig(?:heid)?|automatisch antwoord|afwezig"
    r"|respuesta autom[áa]tica|fuera de (?:la )?oficina|ausen(?:te|cia)|de vacaciones"
    r"|resposta autom[áa]tica|fora do escrit[óo]rio|f[ée]rias"
    r"|risposta automatica|fuori (?:ufficio|sede)|assenza|assente|in ferie"
    r"|автоответ|автоматический ответ|нет на месте|в отпуске|вне офиса|отсутств"
    r"|الرد التلقائي|رد تلقائي|خارج المكتب|في إجازة"
    r"|不在(?:通知|連絡|のお知らせ)|自動応答|自動返信|부재중|자동 ?응답|otomatik yan[ıi]t|autosvar|automaattinen vastaus"
    r"|frånvaro|poza biurem|autoodpowied|tự động trả lời"
    r"|자동 ?회신|odpowiedź automatyczna|automatick[áa] odpov[eě][dď]|automatikus v[áa]lasz|r[ăa]spuns automat"
    r"|automatisk?t? svar|автоматична відповідь|αυτόματη απάντηση|תשובה אוטומטית|balasan otomatis|trả lời tự động",
    re.IGNORECASE,
)
_AUTO_HEADERS = (
    "x-autoreply",
    "x-autorespond",
    "x-autoresponder",
    "x-autoreply-from",
    "x-mail-autoreply",
    "x-auto-reply-from",
    "x-ms-exchange-inbox-rules-loop",
    "x-facebook-notify",
)
_CHALLENGE = re.compile(
    r"(?:please |you (?:must|need to) )?(?:confirm|verify|validate|prove"
    r"|authenticate) (?:that )?(?:your(?:self)?|you|this|the)\b.{0,60}"
    r"(?:message|e-?mail|address|sender|human|person|delivered|delivery|identity)"
    r"|challenge[- ]response|sender (?:verification|confirmation|address verification)"
    r"|(?:requires?|needs?) (?:your )?(?:confirmation|verification|authentication)"
    r"|boxbe|spamarrest|spam arrest|earthlink spamblocker|mailblocks|bluebottle|uol anti-?spam"
    r"|mailinblack|vous authentifier|antispam uol|\btmda\b|knowspam|sendio|vanquish|zaep|active spam killer|choicemail|qurb"
    r"|(?:is|are) (?:protected|not (?:yet )?on) .{0,40}(?:approved|allowed|guest|sender"
    r"|white) ?list|approved sender|guest list|anti-spam .{0,40}(?:click|confirm)",
    re.IGNORECASE,
)
_CHALLENGE_SUBJECT = re.compile(
    r"confirm|verif|challenge|approv|\[boxbe\]|waiting list|quarantin|anti-?spam|guest list|请验证"
    r"|请确认|驗證|confirma|bestätig|прове?р|en attente|authentif",
    re.IGNORECASE,
)
_REFUSES = re.compile(r"(?:automatically|was|been) rejected", re.IGNORECASE)
"""Dovecot's delivery agent and sieve scripts (RFC 5429) refuse by a disposition notification."""
_ASKS = re.compile(
    r"\A[\s>*\"'\[(]*(?:re: ?|aw: ?|fwd?: ?)*(?:please |pls |kindly |bitte |s'il vous pla[îi]t,? "
    r"|por favor,? |请 ?)?"
    r"(?:unsubscribe|unsub|remove|remove me|take me off|stop|opt[- ]?out"
    r"|cancel (?:my )?subscription|stop (?:sending|e?mail)\w*|abbestellen|abmelden|austragen"
    r"|d[ée]sabonner|d[ée]sinscri\w+|d[ée]sinscription|se d[ée]sabonner|darme de baja|dar de baja"
    r"|baja|cancelar (?:la )?suscripci[óo]n|desuscribir\w*|cancella(?:mi|re|zione)?|disiscri\w+"
    r"|cancelar (?:a )?(?:inscri[çc][ãa]o|assinatura)|descadastrar|отпис\w+|отказаться|退订|退訂|取消订阅"
    r"|取消訂閱|解除订阅|不要再发|配信停止|購読解除|إلغاء الاشتراك)"
    r"(?:[\s.!,;:。！]|me\b|us\b|this\b|my\b|from\b|the\b|(?:e-?)?mail\w*|address\w*|list\w*"
    r"|newsletter\w*|of\b|off\b|all\b|please\b|thanks?\b|thank you\b|mich\b|moi\b"
    r"|bitte\b){0,12}[\s.!。！]*\Z",
    re.IGNORECASE,
)
LONGEST_CLOSING = 60
_QUOTE = re.compile(
    r"^[ \t]*(?:>|On .{5,120} wrote:|Am .{5,120} schrieb|Le .{5,120} a écrit|El .{5,120} escribi|-{3,}"
    r"|_{5,}|在.{3,80}写道|发件人[:：]|From: |Von: |De : )",
    re.MULTILINE,
)
_SIGNATURE = re.compile(
    r"^(?:-- ?|sent from .*|gesendet von .*|envoyé de .*|发自.*)$", re.IGNORECASE | re.MULTILINE
)


def is_daemon(mail: Mail) -> bool:
    """Whether a mail system wrote it, by its sender's name."""
    return any(_DAEMON.search(value) for value in mail.all("from", "sender"))


def has_null_path(mail: Mail) -> bool:
    return mail.get("return-path").replace(" ", "") == "<>"


def says_automatic(mail: Mail) -> bool:
    """Whether its subject is that of an answer for somebody who is away, in one of many languages."""
    return bool(_SUBJECT.search(mail.subject))


def is_automatic(mail: Mail) -> bool:
    """Whether a program answered by itself: RFC 3834, and the headers that others write."""
    submitted = mail.get("auto-submitted").lower()
    if submitted and not submitted.startswith("no"):
        return True
    if any(mail.get(name) for name in _AUTO_HEADERS) or mail.report_type == "disposition-notification":
        return True
    precedence = mail.get("precedence").lower()
    return (
        precedence in ("auto_reply", "auto-reply")
        or "autoreply" in mail.get("x-precedence").lower()
        or says_automatic(mail)
    )


def is_receipt(mail: Mail) -> bool:
    """Whether it says what a person did with a mail; a server may refuse in that form, too."""
    return mail.report_type == "disposition-notification" and not _REFUSES.search(mail.text[:3000])


def says_replied(mail: Mail) -> bool:
    """Whether it bears the mark of an answer by itself (RFC 3834); many bounces do."""
    return mail.get("auto-submitted").lower().startswith("auto-replied")


def is_reply_of_machine(mail: Mail) -> bool:
    """Whether it is an answer that no person wrote: never a wish to leave, whichever address it came to."""
    return (
        says_replied(mail)
        or mail.report_type in ("delivery-status", "disposition-notification")
        or bool(mail.status)
        or says_automatic(mail)
        or any(mail.get(name) for name in _AUTO_HEADERS)
    )


def is_challenge(mail: Mail) -> bool:
    """Whether it wants the sender to click or answer before the mail is let in."""
    if mail.status or mail.report_type == "delivery-status":
        return False
    if any(
        name.startswith(("x-tmda", "x-boxbe", "x-spamarrest", "x-sendio", "x-ask-"))
        for name, _value in mail.headers
    ):
        return True
    return bool(_CHALLENGE_SUBJECT.search(mail.subject)) and bool(
        _CHALLENGE.search(f"{mail.subject} {' '.join(mail.text.split())[:3000]}")
    )


def asks_to_leave(mail: Mail) -> bool:
    """Whether a person asks, in so many words and no others, in the subject or in what they wrote above a quotation; a closing
    and a name may stand below."""
    own = _SIGNATURE.split(_QUOTE.split(mail.text, maxsplit=1)[0], maxsplit=1)[0].strip()
    first, _, closing = own.partition("\n")
    asks = bool(_ASKS.match(own)) or (len(closing) <= LONGEST_CLOSING and bool(_ASKS.match(first)))
    return bool(_ASKS.match(mail.subject[:200])) or (0 < len(own) <= 200 and asks)
