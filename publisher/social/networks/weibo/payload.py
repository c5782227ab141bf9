"""What is handed to the person who posts on Weibo: the text and its pictures by digest. Pure, and survives JSON."""

from __future__ import annotations

from typing import Any

from publisher.core.errors import Rejected
from publisher.core.marking import gettext_noop
from publisher.social.networks.base import Copy, Handout, Part, Picture, Prepared
from publisher.social.networks.weibo.measure import measure
from publisher.social.networks.weibo.rules import PICTURES, Rules

START = "https://weibo.com/"
HOSTS = ("weibo.com", "weibo.cn")


def payload(part: Part, rules: Rules) -> dict[str, Any]:
    """`text` and `pictures`. Raises `Rejected` for what does not fit."""
    text = part.text.replace("\r\n", "\n").strip()
    fit = measure(text, rules)
    if not fit.fits:
        raise Rejected(gettext_noop("The text does not fit Weibo: %(why)s.") % {"why": fit.why})
    if len(part.pictures) > PICTURES.most:
        raise Rejected(
            gettext_noop("Weibo shows %(most)s pictures at most, and the post has %(pictures)s.")
            % {"most": PICTURES.most, "pictures": len(part.pictures)}
        )
    return {
        "text": text,
        "pictures": [{"digest": picture.digest, "alt": picture.alt} for picture in part.pictures],
    }


def handout(prepared: Prepared) -> Handout:
    """The text to copy, the pictures, and the way to the address."""
    pictures = tuple(Picture(each["digest"], each["alt"]) for each in prepared.payload["pictures"])
    add = (
        (gettext_noop("Add the pictures in this order; their descriptions are beside them."),)
        if pictures
        else ()
    )
    steps = (
        gettext_noop("Open Weibo and sign in with the account of this channel."),
        gettext_noop(
            "Copy the text and paste it into a new microblog. Hashtags need their sign on both sides, as they have here."
        ),
        *add,
        gettext_noop("Post it, then open the microblog by the time that stands above it."),
        gettext_noop("Copy the address of that page, and save it here."),
    )
    return Handout((Copy("Text", prepared.payload["text"]),), steps, START, HOSTS, pictures)
