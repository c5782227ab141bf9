"""What is sent to `POST /api/v1/statuses`, and the pictures that are uploaded before. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from publisher.core.errors import Rejected
from publisher.core.marking import gettext_noop
from publisher.social.networks.base import Account, Part, Picture, PictureLimits
from publisher.social.networks.mastodon.measure import measure
from publisher.social.networks.mastodon.rules import VISIBILITIES, Rules

# Mastodon tells the two ways of writing Chinese apart by region; of other tags it takes what it knows of their beginning.
_LANGUAGES = {"zh-hans": "zh-CN", "zh-hant": "zh-TW"}


def payload(part: Part, account: Account, rules: Rules, limits: PictureLimits) -> dict[str, Any]:
    """`status`, `language`, `sensitive`, and where there are any `spoiler_text`, `visibility`, `pictures`.

    A picture is `{"digest", "alt", "focus": [x, y] or null}`. Raises `Rejected` for what the server would refuse.
    """
    rules = replace(rules, warning=part.warning or rules.warning)
    fit = measure(part.text, rules)
    if not fit.fits:
        raise Rejected(
            gettext_noop("The text does not fit this Mastodon server: %(why)s.") % {"why": fit.why}
        )
    body: dict[str, Any] = {
        "status": part.text,
        "language": _LANGUAGES.get(part.language.lower(), part.language),
        "sensitive": bool(rules.warning),
    }
    if rules.warning:
        body["spoiler_text"] = rules.warning
    if visibility := account.settings.get("visibility"):
        if visibility not in VISIBILITIES:
            raise Rejected(
                gettext_noop("The channel's visibility must be one of: %(visibilities)s.")
                % {"visibilities": ", ".join(VISIBILITIES)}
            )
        body["visibility"] = visibility
    if part.pictures:
        if len(part.pictures) > limits.most:
            raise Rejected(
                gettext_noop("This Mastodon server takes %(most)s pictures in a status.")
                % {"most": limits.most}
            )
        body["pictures"] = [_picture(each, limits) for each in part.pictures]
    return body


def _picture(picture: Picture, limits: PictureLimits) -> dict[str, Any]:
    if len(picture.alt) > limits.alt:
        raise Rejected(
            gettext_noop("A picture's description is longer than the %(alt)s characters that are taken.")
            % {"alt": limits.alt}
        )
    focus = picture.focus
    if focus and not all(-1 <= value <= 1 for value in focus):
        raise Rejected(gettext_noop("A picture's focus must lie between -1 and 1."))
    return {"digest": picture.digest, "alt": picture.alt, "focus": list(focus) if focus else None}
