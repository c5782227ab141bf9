"""What one message to Bluesky is: the record app.bsky.feed.post as far as it is known before anybody is asked. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zlib import crc32

from publisher.core.errors import Rejected
from publisher.core.marking import gettext_noop
from publisher.social.networks.base import Part, Picture
from publisher.social.networks.bluesky.facets import WEB_ADDRESS, facets
from publisher.social.networks.bluesky.measure import measure
from publisher.social.networks.bluesky.rules import PICTURES, Rules
from publisher.social.networks.bluesky.tid import tid

COLLECTION = "app.bsky.feed.post"

# A PDS refuses a post whose language is no BCP 47 tag: of a longer one than this only the beginning is sent.
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?(?![A-Za-z0-9])")


def payload(part: Part, rules: Rules, key: str, now: datetime) -> dict[str, Any]:
    """`rkey` (a TID of `now` and `key`), `record`, and what the record still lacks: `pictures` to upload, `card` with its
    `picture` to upload, and within `record.facets` handles for which the network has a DID.

    Raises `Rejected` for what a PDS would refuse.
    """
    fit = measure(part.text, rules)
    if not fit.fits:
        raise Rejected(gettext_noop("The text does not fit Bluesky: %(why)s.") % {"why": fit.why})
    if len(part.pictures) > PICTURES.most:
        raise Rejected(
            gettext_noop("Bluesky shows %(most)s pictures at most, and the post has %(pictures)s.")
            % {"most": PICTURES.most, "pictures": len(part.pictures)}
        )
    record: dict[str, Any] = {
        "$type": COLLECTION,
        "text": part.text,
        "createdAt": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
    }
    if language := _LANGUAGE.match(part.language):
        record["langs"] = [language[0]]
    if found := facets(part.text, part.link):
        record["facets"] = found
    body: dict[str, Any] = {"rkey": tid(now, crc32(key.encode())), "record": record}
    if part.pictures and part.number == 0:
        body["pictures"] = [_picture(each) for each in part.pictures]
    elif card := _card(part):
        body["card"] = card
    return body


def mentioned(record: Mapping[str, Any]) -> list[str]:
    """The handles whose DIDs a record needs, each once."""
    features = [feature for facet in record.get("facets", ()) for feature in facet["features"]]
    return list(dict.fromkeys(feature["handle"] for feature in features if "handle" in feature))


def with_dids(record: Mapping[str, Any], dids: Mapping[str, str]) -> dict[str, Any]:
    """The record with the DIDs of those who are mentioned; a handle that nobody has stays plain text."""
    kept = []
    for facet in record.get("facets", ()):
        (feature,) = facet["features"]
        if "handle" in feature:
            if feature["handle"] not in dids:
                continue
            feature = {"$type": feature["$type"], "did": dids[feature["handle"]]}
        kept.append({**facet, "features": [feature]})
    rest = {name: value for name, value in record.items() if name != "facets"}
    return rest | ({"facets": kept} if kept else {})


def _picture(picture: Picture) -> dict[str, str]:
    if len(picture.alt) > PICTURES.alt:
        raise Rejected(
            gettext_noop("A picture's description is longer than the %(alt)s characters that Bluesky takes.")
            % {"alt": PICTURES.alt}
        )
    return {"digest": picture.digest, "alt": picture.alt}


def _card(part: Part) -> dict[str, str] | None:
    """A preview of the page behind the link; pictures take its place, as a post has one or the other."""
    if not part.card or part.number or not WEB_ADDRESS.fullmatch(part.link):
        return None
    card = part.card
    return {
        "uri": part.link,
        "title": card.title,
        "description": card.summary,
        "picture": card.picture.digest if card.picture else "",
    }
