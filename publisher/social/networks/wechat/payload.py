"""What one article is: title, author, summary, HTML around its pictures, link; and what a person is given. Survives JSON."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from publisher.core.errors import Rejected
from publisher.core.marking import gettext_noop
from publisher.social.networks.base import Account, Copy, Handout, Part, Picture, Prepared
from publisher.social.networks.wechat import article
from publisher.social.networks.wechat.measure import measure
from publisher.social.networks.wechat.rules import LONGEST_AUTHOR, LONGEST_LINK, PICTURES, Rules

START = "https://mp.weixin.qq.com/"
HOSTS = ("mp.weixin.qq.com",)
NO_COVER = gettext_noop(
    "A draft on WeChat needs a cover: attach a picture to the post, or name one that lies in the "
    "account by the channel's setting `cover_media_id`."
)


def payload(part: Part, account: Account, rules: Rules, *, draft: bool) -> dict[str, Any]:
    """Raises `Rejected` for what does not fit; a `draft` needs a cover."""
    fit = measure(part.text, rules)
    if not fit.fits:
        raise Rejected(gettext_noop("The article does not fit WeChat: %(why)s.") % {"why": fit.why})
    if part.of > 1:
        raise Rejected(gettext_noop("An article on WeChat is one text: put the parts together."))
    if len(part.pictures) > PICTURES.most:
        raise Rejected(
            gettext_noop("An article shows %(most)s pictures at most, and has %(pictures)s.")
            % {"most": PICTURES.most, "pictures": len(part.pictures)}
        )
    if len(part.link.encode()) > LONGEST_LINK:
        raise Rejected(gettext_noop("The link is too long for WeChat (1 KB)."))
    cover = str(account.settings.get("cover_media_id") or "")
    if draft and not part.pictures and not cover:
        raise Rejected(NO_COVER)
    read = article.read(part.text)
    lead, rest = read.html()
    return {
        "title": read.title,
        "author": _author(account),
        "digest": read.digest,
        "lead": lead,
        "rest": rest,
        "text": read.text,
        "link": part.link,
        "cover": cover,
        "pictures": [{"digest": picture.digest, "alt": picture.alt} for picture in part.pictures],
    }


def content(payload: dict[str, Any], urls: Sequence[str]) -> str:
    """The article's HTML with its pictures, which lie at `urls`: the first below the first paragraph, the others at the end."""
    images = [
        f'<p><img src="{escape(url)}" alt="{escape(each["alt"][: PICTURES.alt])}"></p>'
        for url, each in zip(urls, payload["pictures"], strict=True)
    ]
    return "".join([payload["lead"], *images[:1], payload["rest"], *images[1:]])


def handout(prepared: Prepared, *, draft: bool) -> Handout:
    """Everything that the editor of an article asks for; what to do depends on whether the draft lies there."""
    given = prepared.payload
    pictures = tuple(Picture(each["digest"], each["alt"]) for each in given["pictures"])
    copies = (
        Copy(gettext_noop("Title (标题)"), given["title"]),
        *((Copy(gettext_noop("Author (作者)"), given["author"]),) if given["author"] else ()),
        Copy(gettext_noop("Text (正文)"), given["text"], given["lead"] + given["rest"]),
        Copy(gettext_noop("Summary (摘要)"), given["digest"]),
        *((Copy(gettext_noop("Original link (原文链接)"), given["link"]),) if given["link"] else ()),
    )
    return Handout(copies, _IN_DRAFTS if draft else _by_hand(pictures), START, HOSTS, pictures)


_LAST = (gettext_noop("Open the published article, copy its address, and save it here."),)
_IN_DRAFTS = (
    gettext_noop("Sign in to the account on mp.weixin.qq.com and open Drafts (草稿箱)."),
    gettext_noop("Open the draft with this title, and look at it once more."),
    gettext_noop("Publish it (发表)."),
    *_LAST,
)


def _by_hand(pictures: Sequence[Picture]) -> tuple[str, ...]:
    images = (
        gettext_noop(
            "Put the pictures into the text; their descriptions are beside them. The first is also the cover (封面)."
        )
        if pictures
        else gettext_noop("Choose a cover (封面) from the account's pictures.")
    )
    return (
        gettext_noop("Sign in to the account on mp.weixin.qq.com and begin a new article (写新文章)."),
        gettext_noop("Copy the texts one after another, and paste each into its field."),
        images,
        gettext_noop("Look at the preview, then publish it (发表)."),
        *_LAST,
    )


def _author(account: Account) -> str:
    return " ".join(str(account.settings.get("author") or "").split())[:LONGEST_AUTHOR]
