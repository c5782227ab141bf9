"""Why a mail came back, from what the mail server said: one table, read top down. Pure.

Words win over codes: many servers give 5.1.1 or 5.7.1 for everything. What is about the sender (its name, its content, a policy)
is looked for first, since nothing of that may be held against the reader's address.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from publisher.feedback.models import Report

C = Report.Cause

_GAP = r".{0,60}?"
_BOX = (
    r"(?:mail ?box|e?-?mail|account|user|recipient|address(?:ee)?|inbox|destinataire"
    r"|empf[äa]nger|person|alias|rcpt)"
)


class _Rule(NamedTuple):
    """The first rule decides whose words and enhanced code both fit; left out: any."""

    cause: Report.Cause
    words: str = ""
    enhanced: str = ""


_RULES = (
    # A rate, greylisting: the other side takes it later.
    _Rule(
        C.TEMPORARY,
        r"gr[ae]y.?list|rate.?limit|too (?:many|fast|frequent)(?! hops)|throttl|unusual rate"
        r"|receiving mail (?:too|at a rate)"
        r"|frequency limited|temporarily (?:deferred|rate)|server busy|concurren"
        r"|(?:message|delivery) (?:has |time )?expired|(?:deleted|removed) from (?:the )?queue",
    ),
    _Rule(
        C.LOOP,
        r"too many hops|hop count|mail.?loop|loops? back|loop(?:ing)? detected|message loop"
        r"|routing loop|max hops",
    ),
    # Who sends: our address, host and account. It is said with the words of a reader's: unknown, not found, disabled. Taken for
    # those, one fault of ours in the DNS would suppress everybody.
    _Rule(C.POLICY, enhanced=r"[45]\.1\.[78]"),
    _Rule(
        C.POLICY,
        r"\bsender (?:e?-?mail )?(?:address )?(?:verif|reject|denied|refus|unknown|invalid|does not|domain)"
        r"|(?:invalid|unknown|bad|unverified) (?:sender|envelope.?from|return.?path|mail.?from)"
        r"|(?:callout|callback) verif|domain of sender|sender.s (?:e?-?mail )?domain"
        r"|(?:helo|ehlo)\b.{0,40}(?:reject|invalid|refus|denied|not |unknown|required)"
        r"|(?:invalid|bad|bogus) (?:helo|ehlo)|client host rejected|find your (?:host|reverse|name)"
        r"|\bptr\b|\brdns\b|reverse.?(?:dns|lookup|host|name|map)"
        r"|your (?:\w+ )?account (?:has been|is|was) |sending (?:is |has been |was )?(?:paus|disab|suspend|block)"
        r"|(?:allowed|permitted|authori[sz]ed) to send|from sending|outbound sender"
        r"|\bstarttls\b|\btls (?:is )?required|requires? (?:tls|encryption)|certificate|blocked senders?\b",
    ),
    # The sender's name: block lists, and the words that providers have for them.
    _Rule(
        C.REPUTATION,
        r"spamhaus|barracuda(?:central)?\b.{0,40}(?:block|list|reput)|spamcop|\bsorbs\b|uceprotect"
        r"|\bcloudmark\b|\brbl\b|dns-?bl"
        r"|black.?list|block.?list|blocked using|banned sending|reputation|sender.?score"
        r"|\bTSS?\d\d\b|\bS3[01][145]0\b"
        r"|\bHL:(?:REP|MEP|ICC|IFC)\b|\bCON:B\b|\bIPB\d|unsolicited|UnsolicitedRateLimit"
        r"|ask your postmaster for help"
        r"|likely unsolicited"
        r"|your (?:ip|network|server|host|domain|mail ?server|sending)"
        + _GAP
        + r"(?:block|ban|list|reject|denied|poor|suspicious)"
        r"|(?:\bip|client host|connecting host|sender|server|domain)\b[^:;]{0,40}?(?:is|was"
        r"|has been|are)? ?(?:block|bann|black|listed (?:in|on|by))"
        r"|(?:发信|发件)(?:ip|域名|服务器)" + _GAP + r"(?:拒|封|限|黑名单)|黑名单|信誉",
    ),
    _Rule(C.REPUTATION, enhanced=r"5\.7\.(?:5(?:0[1-8]|1[0-4])|60[0-9]|6[1-4]\d|70[0-9]|71[1-9])"),
    _Rule(
        C.CONTENT,
        r"\bspam\b(?!\.?(?:cop|haus))|\bofr_?506\b|spammy|junk mail|\bvirus|malware|phish|DT:SPM|BlockedMessage"
        r"|message content"
        r"|content (?:is |was |has been )?(?:reject|den|block|restrict|unacceptable)"
        r"|(?:unacceptable|bad|prohibited) content"
        r"|(?:attachment|url|link)"
        + _GAP
        + r"(?:not allowed|block|prohibit|reject|listed)|垃圾邮件|内容.{0,12}(?:拒|违|不合规|被过滤)",
    ),
    # The mailbox has no room. Not: ours as senders.
    _Rule(C.POLICY, r"(?:daily|hourly|sending|sender'?s?|outbound|message rate).{0,20}(?:quota|limit)"),
    _Rule(
        C.FULL,
        r"(?:mail ?box|inbox|mail ?folder|mail ?dir|account|disk|storage)"
        + _GAP
        + r"(?:\bfull\b|over ?quota|out of (?:space|storage)|exceed)"
        r"|over.?quota|quota.{0,30}(?:exceed|reached|full|violat)|exceed"
        + _GAP
        + r"(?:quota|storage|space allo|mailbox size)|OverQuota"
        r"|(?:insufficient|not enough|no) (?:disk |system |mailbox |storage )*(?:space|storage)"
        r"|mailbox size limit|space (?:is )?not enough|\bmailfull\b"
        r"|(?:邮箱|信箱|收件箱|账户|帐户|用户|空间|容量).{0,10}(?:已?满|不足|超出|超限|超过限)|邮箱空间|郵箱.{0,6}滿|信箱.{0,6}滿"
        r"|bo[iî]te.{0,60}pleine|postfach.{0,20}voll|buz[oó]n.{0,20}lleno|casella.{0,20}piena"
        r"|caixa.{0,25}cheia"
        r"|ящик.{0,20}(?:переполнен|заполнен)|メールボックス.{0,12}(?:一杯|いっぱい|容量)|受信箱.{0,8}(?:一杯|いっぱい)",
    ),
    _Rule(
        C.SIZE,
        r"(?:message|mail|size|attachment)"
        + _GAP
        + r"(?:too (?:large|big|long)|exceeds?|larger than)"
        + _GAP
        + r"(?:limit|maxim|allow|size|bytes|\bmb\b|recipient)|too (?:large|big) (?:for|to)"
        r"|message size|(?:邮件|附件).{0,8}(?:过大|太大|超过)",
    ),
    # A group or a person that takes no mail from outside: Exchange says "not found" of some of these, too.
    _Rule(
        C.POLICY,
        r"\bdmarc\b|unauthenticated|RESOLVER\.RST\.|AuthenticationRequired|authentication (?:is )?required"
        r"|not authori[sz]ed to send|sender (?:is )?not authori[sz]ed"
        r"|only accepts? (?:mail|messages) from|restricted (?:to|address|recipient)"
        r"|requires? (?:sender )?authent|permission to send"
        r"|don't have permission|prohibited from sending|未被授权|没有权限",
    ),
    # Codes of security from 5.7.2 on speak of who sends and how. Under 5.7.0 and 5.7.1 servers say anything.
    _Rule(C.POLICY, enhanced=r"[45]\.7\.(?:[2-9]|\d{2,3})"),
    _Rule(
        C.UNKNOWN_DOMAIN,
        r"(?:host|domain)(?: or domain)?(?: name)?[^:;\d]{0,40}?(?:not found"
        r"|could ?n[o']t be (?:found|resolved)|unknown|does ?n[o']t exist|unresolv|no such)"
        r"|null mx|no (?:mx|mail exchanger?)\b|all relevant MX records"
        r"|unrouteable (?:mail )?(?:address|domain)|(?:invalid|unknown|bad) (?:mail )?domain"
        r"|nxdomain|DnsDomainDoesNotExist|domain (?:does ?n[o']t|not) (?:exist|accept|found|valid)"
        r"|does(?: no|n')t accept (?:any )?(?:e-?)?mail\b|couldn't find any host|域名.{0,8}(?:不存在"
        r"|无法解析|错误|找不到)|domaine.{0,20}(?:introuvable|inconnu)",
    ),
    _Rule(
        C.DISABLED,
        _BOX + _GAP + r"(?:disabled|inactive|suspended|de-?activated|closed|expired|terminated|\blocked\b"
        r"|discontinued|cancell?ed|dormant|deleted|removed|been retired)"
        r"|(?:disabled|inactive|suspended|closed|dormant|expired|deactivated) (?:mail ?box|account"
        r"|e?-?mail address|address|user|recipient)|DisabledUser|InactiveUser"
        r"|no longer (?:active|in use|available|accept|works?|with|employed|a valid|valid|exist"
        r"|on this|on server|here)"
        r"|停用|冻结|凍結|禁用|注销|已封|ящик.{0,20}(?:заблокирован|отключ)|deaktiviert|désactivé|desactivad",
    ),
    _Rule(
        C.UNKNOWN_USER,
        r"(?:unknown|invalid|bad|non-?existent|nonexistant|undeliverable|unrecogni[sz]ed|incorrect"
        r"|illegal) (?:local )?(?:"
        + _BOX
        + r"|local(?: |-)?part|user ?name|destination mailbox|final delivery)"
        r"|(?:user|mailbox|recipient|account|address) ?(?:is |was )?(?:unknown|unavailable|invalid"
        r"|undeliverable)"
        r"|" + _BOX + _GAP + r"(?:not (?:be )?(?:found|exist|valid|known|listed|recogni[sz]ed|local|on file)"
        r"|(?:does|do|did|could) ?n[o']?t (?:be found|exist|match|appear|seem)"
        r"|doesn.t exist"
        r"|doesn.t have|does not have|couldn.t be found|can.t be found|wasn.t found"
        r"|is not an? "
        r"|isn.t an? |no such|unknown)"
        r"|no such (?:\w+ ){0,2}(?:user|mail ?box|recipient|address|person|account|name|local)"
        r"|no (?:mailbox|recipient|account|user) (?:here|by that|with that|found)|NoSuchUser"
        r"|RecipNotFound|RecipientNotFound|user_?unknown|unknown_?user"
        r"|(?:doesn.t|does not|don.t) have (?:an?|any) \S* ?(?:account|mailbox|user)|not (?:our"
        r"|a local|a valid) (?:customer|user|recipient|mailbox)|not listed in"
        + _GAP
        + r"(?:directory|address book)|mailbox unavailable"
        r"|Requested action not taken: mailbox"
        r"|recipient verify failed|address lookup|sorry, i (?:couldn't"
        r"|wasn't able to) find"
        r"|user .{0,40} unknown"
        r"|(?:收件人|用户|帐号|账号|邮箱|地址|郵箱|使用者).{0,14}(?:不存在|无效|未找到|找不到|有误|错误)|不存在的?(?:用户|邮箱|帐号|账号)"
        r"|(?:empf[äa]nger|adresse|benutzer|postfach).{0,40}(?:unbekannt|existiert nicht"
        r"|nicht gefunden|ung[üu]ltig)"
        r"|(?:destinataire|adresse|utilisateur|bo[iî]te).{0,40}(?:inconnu|introuvable|n'existe pas"
        r"|invalide)"
        r"|(?:usuario|destinatario|buz[oó]n|direcci[oó]n|utente|casella|utilizador|usu[áa]rio"
        r"|destinat[áa]rio|endere[çc]o).{0,40}(?:desconocid|no existe|no encontrad|sconosciut"
        r"|inesistente|non esiste|non trovat|desconhecid|n[ãa]o existe|n[ãa]o encontrad)"
        r"|(?:пользовател|адрес|ящик|получател).{0,40}(?:не существует|не найден|неизвест|нет)"
        r"|(?:ユーザ|アドレス|宛先|メールボックス).{0,20}(?:見つかりません|存在しません|不明)",
    ),
    # Microsoft refuses at the edge whom a company's directory does not have.
    _Rule(C.UNKNOWN_USER, r"recipient address rejected: access denied", r"5\.4\.1"),
    _Rule(
        C.POLICY,
        r"\bpolicy\b|policies|\bdmarc\b|\bspf\b|\bdkim\b|relay(?:ing)?(?: access)? (?:is "
        r"|was )?(?:denied|not)|unable to relay|not permitted|access denied"
        r"|not allowed|administrative|administratively|prohibited|refused by"
        r"|rejected by (?:the )?(?:recipient|user|domain|rule)|not accept(?:ed"
        r"|ing)?(?: any)? (?:mail|messages?)|sender (?:address )?(?:rejected|denied|refused)"
        r"|local.?policy|策略|拒绝接收|拒收|transaction failed",
    ),
    _Rule(
        C.TEMPORARY,
        r"timed? ?out|can(?: ?not|'t) connect|connection (?:refused|reset|lost|dropped|died|to \S+ failed)"
        r"|could ?n[o']t connect|couldn't contact|no route|unreachable|temporar|retry time"
        r"|queue.{0,30}(?:too long|expire)|too long|delivery (?:expired|time)|(?:message"
        r"|it) (?:has been|had|was) (?:in the queue|undeliverable for)|gave up|giving up"
        r"|not respond|cannot be contacted|service (?:not|un)available|resources|try again later"
        r"|暂时|稍后|超时|无法连接",
    ),
    _Rule(C.UNKNOWN_USER, enhanced=r"5\.1\.(?:1|3|6|10)"),
    _Rule(C.UNKNOWN_DOMAIN, enhanced=r"5\.1\.2|5\.4\.4|5\.4\.310"),
    _Rule(C.POLICY, enhanced=r"5\.1\.[78]|5\.7\.\d+"),
    _Rule(C.DISABLED, enhanced=r"5\.2\.1"),
    _Rule(C.FULL, enhanced=r"[45]\.2\.2|4\.3\.1"),
    _Rule(C.SIZE, enhanced=r"[45]\.2\.3|[45]\.3\.4"),
    _Rule(C.LOOP, enhanced=r"[45]\.4\.(?:6|14)"),
    _Rule(C.TEMPORARY, enhanced=r"4\.\d+\.\d+|5\.4\.[0-37]|5\.4\.316|5\.3\.[0-2]|5\.0\.350"),
    _Rule(C.CONTENT, enhanced=r"5\.6\.\d+"),
)
_COMPILED = tuple(
    (rule.cause, re.compile(rule.words, re.IGNORECASE), re.compile(rule.enhanced)) for rule in _RULES
)

FINAL = frozenset({C.UNKNOWN_USER, C.UNKNOWN_DOMAIN, C.DISABLED})
"""Nothing that is sent there later will arrive."""
OURS = frozenset({C.POLICY, C.REPUTATION, C.CONTENT, C.SIZE})
"""About what was sent or who sent it: never held against the address."""

_SMTP = {"511": C.UNKNOWN_USER, "521": C.UNKNOWN_DOMAIN, "556": C.UNKNOWN_DOMAIN, "552": C.FULL}

# An address or a link may hold any of the words above. What Gmail's links ask for is the reason itself; where the words say no
# more than that we are refused, a link to a block list says why.
_LINK = re.compile(r"https?://[!-~]+")
_BLOCK_LIST = re.compile(
    r"https?://[^/\s]{0,60}(?:spamhaus|spamcop|barracuda(?:central|networks)|ipcheck\.proofpoint|senderbase"
    r"|talosintelligence|abusix|spfbl|uceprotect)",
    re.IGNORECASE,
)
_GMAIL_REASON = re.compile(r"[?&]p=(\w+)")
_LOCAL = r"A-Za-z0-9._+=&*%/!#$^{|}~-"
_ADDRESS = re.compile(rf"(?<![{_LOCAL}])[{_LOCAL}]+@[A-Za-z0-9.-]+")
LONGEST_WORDS = 8_000

_CODE = re.compile(
    r"(?<![\d.])(?P<smtp>[245][0-5]\d)(?:[ -]+#?\(?(?P<with>[245]\.\d{1,3}\.\d{1,3})\)?)?(?=[\s:;,.)\]#-]"
    r"|$)"
)
_ENHANCED = re.compile(r"(?<![\d.])[245]\.\d{1,3}\.\d{1,3}(?![\d.]*\d)")


@lru_cache(maxsize=4096)
def cause_of(smtp: str, enhanced: str, words: str) -> Report.Cause:
    """Why, from an SMTP code, an enhanced code and words, each as far as it is known; UNCLEAR when nothing fits."""
    cause = _by_rules(smtp, enhanced, plain(words))
    unnamed = cause in (C.POLICY, C.UNCLEAR)
    return C.REPUTATION if unnamed and _BLOCK_LIST.search(words[:LONGEST_WORDS]) else cause


def _by_rules(smtp: str, enhanced: str, words: str) -> Report.Cause:
    for cause, pattern, code in _COMPILED:
        if pattern.pattern and not pattern.search(words):
            continue
        if not code.pattern or code.fullmatch(enhanced):
            return cause
    if smtp in _SMTP:
        return _SMTP[smtp]
    return C.TEMPORARY if smtp.startswith("4") else C.UNCLEAR


def plain(words: str) -> str:
    """The words on one line, shortened, without addresses and links, which may hold any word."""
    words = words[:LONGEST_WORDS]
    reasons = " ".join(_GMAIL_REASON.findall(words))
    return " ".join(f"{_ADDRESS.sub(' ', _LINK.sub(' ', words))} {reasons}".split())


def codes_in(words: str) -> tuple[str, str]:
    """The SMTP code and the enhanced code that stand in words: those of a refusal first; empty where there are none."""
    pairs = [(found["smtp"], found["with"] or "") for found in _CODE.finditer(words)]
    alone = _ENHANCED.findall(words)
    pairs = [pair for pair in pairs if pair[0][0] != "2"]
    best = next((pair for pair in pairs if pair[1]), None) or next(iter(pairs), ("", ""))
    enhanced = best[1] or next((each for each in alone if each[0] != "2"), "")
    return best[0], enhanced


def is_permanent(smtp: str, enhanced: str) -> bool | None:
    """Whether the codes say that it is for good; the enhanced one first. None: there is none that says."""
    for code in (enhanced, smtp):
        if code[:1] in ("4", "5"):
            return code[0] == "5"
    return None
