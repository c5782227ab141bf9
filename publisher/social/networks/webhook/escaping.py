"""A plain text as Slack and Discord show it unchanged: what they would take for markup is escaped. Pure."""

from __future__ import annotations

import re

from publisher.social.networks.webhook.rules import Format

_ADDRESS = re.compile(r"(https?://\S+)")
_MARKS = re.compile(r"([\\*_~`|<>\[\]])")
# Discord: headings, small print, lists and quotations, at the start of a line.
_STARTS = re.compile(r"^(\s*)(#{1,3} |-# |[-+] )", re.MULTILINE)
_NUMBER = re.compile(r"^(\s*\d+)\. ", re.MULTILINE)


def escaped(text: str, target: Format) -> str:
    """As it is sent. Slack: three characters of HTML (markup is off for the whole message). Discord: Markdown, except in
    addresses, which a backslash would break.
    """
    text = text.replace("\r\n", "\n")
    if target is Format.SLACK:
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    if target is not Format.DISCORD:
        return text
    pieces = _ADDRESS.split(text)
    pieces[::2] = [_MARKS.sub(r"\\\1", piece) for piece in pieces[::2]]
    return _NUMBER.sub(r"\1\\. ", _STARTS.sub(r"\1\\\2", "".join(pieces)))
