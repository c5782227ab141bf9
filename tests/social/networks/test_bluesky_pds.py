"""Bluesky with the real library against a real PDS: what stands there afterwards, and that it stands there once."""

from __future__ import annotations

import io
import json
import random
import time
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from PIL import Image

from publisher.core.errors import ChannelDown, OtherSideError, Rejected, Retry, Unknown
from publisher.social.media import store
from publisher.social.networks.answer import Answer as WireAnswer
from publisher.social.networks.base import (
    Account,
    CannotTell,
    Card,
    NotFound,
    Part,
    Picture,
    Prepared,
    Receipt,
)
from publisher.social.networks.bluesky.measure import measure
from publisher.social.networks.bluesky.network import BLUESKY
from publisher.social.networks.bluesky.rules import Rules
from tests.builders import a_channel
from tests.fakes import fault_proxy as faults
from tests.fakes.bluesky import POSTS, PUT, PdsAccount, fits, load_library, pds
from tests.fakes.fault_proxy import FaultProxy, fault_proxy
from tests.fakes.scripts import mixed
from tests.fakes.switches import Answer, Fake, Request, serving

pytestmark = pytest.mark.django_db

LINK = "https://office.example.org/rain"
AT_ONCE = timedelta()


@pytest.fixture
def owner() -> PdsAccount:
    return pds().new_account()


@pytest.fixture
def proxy(settings: Any) -> Iterator[FaultProxy]:
    with fault_proxy(pds().url) as proxy:
        settings.FETCH_ALLOW = [pds().place, urlsplit(proxy.url).netloc]
        yield proxy


@pytest.fixture
def account(owner: PdsAccount, proxy: FaultProxy) -> Account:
    return owner.account(proxy.url, channel_id=a_channel("bluesky").pk)


@pytest.fixture
def media(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


def prepared(account: Account, part: Part) -> Prepared:
    """As the database gives it back."""
    made = BLUESKY.prepare(part, account, uuid.uuid4().hex)
    return Prepared(json.loads(json.dumps(dict(made.payload))), made.idempotency_key)


def publish(account: Account, part: Part, before: tuple[Receipt, ...] = ()) -> Receipt:
    return BLUESKY.publish(account, prepared(account, part), before)


def hasty(account: Account) -> Account:
    """With time-outs that a test can wait for."""
    load_library()
    return replace(account, settings={**account.settings, "timeout_seconds": 1.0})


# What stands there


def test_a_post_stands_there_with_its_links_tags_and_language(owner: PdsAccount, account: Account) -> None:
    friend = pds().new_account()
    text = f"请看{LINK}。@{friend.handle} says #气候行动，and @nobody.example"
    receipt = publish(account, Part(text, LINK, "zh-Hans"))
    (post,) = owner.posts
    record = post["value"]
    assert (record["text"], record["langs"]) == (text, ["zh-Hans"])
    data = text.encode()
    found = {
        data[facet["index"]["byteStart"] : facet["index"]["byteEnd"]].decode(): facet["features"][0]
        for facet in record["facets"]
    }
    assert found == {
        LINK: {"$type": "app.bsky.richtext.facet#link", "uri": LINK},
        f"@{friend.handle}": {"$type": "app.bsky.richtext.facet#mention", "did": friend.did},
        "#气候行动": {"$type": "app.bsky.richtext.facet#tag", "tag": "气候行动"},
    }
    assert receipt.remote_id == f"{post['uri']} {post['cid']}"
    assert len(receipt.remote_id) <= 300
    assert receipt.url == f"https://bsky.app/profile/{owner.did}/post/{post['uri'].split('/')[-1]}"


def test_a_thread_answers_its_first_post_and_the_one_before(owner: PdsAccount, account: Account) -> None:
    before: tuple[Receipt, ...] = ()
    for number in range(3):
        before += (publish(account, Part(f"{number + 1}/3", number=number, of=3), before),)
    first, second, third = owner.posts
    refs = [{"uri": post["uri"], "cid": post["cid"]} for post in (first, second)]
    assert "reply" not in first["value"]
    assert second["value"]["reply"] == {"root": refs[0], "parent": refs[0]}
    assert third["value"]["reply"] == {"root": refs[0], "parent": refs[1]}


def test_after_a_person_s_word_a_thread_does_not_go_on_in_the_wrong_place(
    owner: PdsAccount, account: Account
) -> None:
    with pytest.raises(Rejected, match="not known which post"):
        publish(account, Part("2/2", number=1, of=2), (Receipt("", "https://bsky.app/profile/x/post/y"),))
    assert not owner.posts


@pytest.mark.usefixtures("media")
def test_pictures_stand_there_with_alt_text_and_shape_and_small_enough(
    owner: PdsAccount, account: Account
) -> None:
    large = Image.frombytes("RGB", (2400, 1600), random.Random(1).randbytes(2400 * 1600 * 3))
    digests = [_stored(large), _stored(Image.new("RGB", (60, 40), "red"))]
    pictures = tuple(Picture(digest, f"Picture {number}") for number, digest in enumerate(digests))
    publish(account, Part(f"Rain {LINK}", LINK, card=Card("Rain"), pictures=pictures))
    embed = owner.posts[0]["value"]["embed"]
    assert embed["$type"] == "app.bsky.embed.images"
    assert [image["alt"] for image in embed["images"]] == ["Picture 0", "Picture 1"]
    for image in embed["images"]:
        data = owner.blob(image["image"]["ref"]["$link"])
        assert len(data) < 1_000_000
        shape = Image.open(io.BytesIO(data)).size
        assert image["aspectRatio"] == {"width": shape[0], "height": shape[1]}


@pytest.mark.usefixtures("media")
@pytest.mark.parametrize("case", ["there", "gone", "none"])
def test_the_card_shows_the_page_behind_the_link_and_its_picture_where_it_lies_in_the_store(
    owner: PdsAccount, account: Account, case: str
) -> None:
    digest = _stored(Image.new("RGB", (600, 400), "blue")) if case == "there" else "0" * 64
    picture = None if case == "none" else Picture(digest)
    publish(account, Part(f"Rain {LINK}", LINK, card=Card("Rain", "It rains.", picture=picture)))
    external = owner.posts[0]["value"]["embed"]["external"]
    assert (external["uri"], external["title"], external["description"]) == (LINK, "Rain", "It rains.")
    assert ("thumb" in external) is (case == "there")
    if case == "there":
        assert Image.open(io.BytesIO(owner.blob(external["thumb"]["ref"]["$link"]))).size == (600, 400)


def test_the_receipt_tells_the_pace_of_the_server(
    owner: PdsAccount, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    from publisher.social.networks.bluesky import wire

    really, left = wire.wire.ask, iter(range(100, 0, -1))
    reset = str(int(time.time()) + 600)

    def limited(request: Any, *, until: float) -> WireAnswer:
        answer = really(request, until=until)
        told = {"ratelimit-limit": "100", "ratelimit-remaining": str(next(left)), "ratelimit-reset": reset}
        return replace(answer, headers={**answer.headers, **told})

    monkeypatch.setattr(wire.wire, "ask", limited)
    receipt = BLUESKY.publish(account, prepared(account, Part("Rain")))
    assert len(owner.posts) == 1
    assert receipt.pace is not None
    assert (receipt.pace.remaining, receipt.pace.limit) == (next(left) + 1, 100)


# Once


@pytest.mark.parametrize(
    "fault", [faults.DROP_REPLY, faults.html(200), faults.TRUNCATED], ids=lambda f: f.name
)
def test_when_the_reply_is_lost_there_is_exactly_one_post(
    owner: PdsAccount, account: Account, proxy: FaultProxy, fault: faults.Fault
) -> None:
    message = prepared(account, Part("Rain"))
    proxy.arm(fault, method="POST", path=PUT)
    with pytest.raises(Unknown):
        BLUESKY.publish(account, message)
    found = BLUESKY.reconcile(account, message, since=AT_ONCE)
    assert isinstance(found, Receipt)
    assert BLUESKY.publish(account, message) == found
    assert owner.texts == ["Rain"]


def test_a_request_that_comes_after_it_was_sent_again_changes_nothing(
    owner: PdsAccount, account: Account, proxy: FaultProxy
) -> None:
    account = hasty(account)
    publish(account, Part("Before"))  # so that the session is there
    message = prepared(account, Part("Rain"))
    proxy.arm(faults.late(3.0), method="POST", path=PUT)
    with pytest.raises(Unknown):
        BLUESKY.publish(account, message)
    assert BLUESKY.reconcile(account, message, since=AT_ONCE) == NotFound()
    receipt = BLUESKY.publish(account, message)
    assert proxy.wait_until_quiet()
    assert [seen.status for seen in proxy.seen if seen.fault == "late"] == [200]
    assert owner.texts == ["Before", "Rain"]
    assert receipt.remote_id.endswith(owner.posts[1]["cid"])


def test_publishing_again_does_not_write_over_an_edit(owner: PdsAccount, account: Account) -> None:
    message = prepared(account, Part("Rain"))
    receipt = BLUESKY.publish(account, message)
    edited = BLUESKY.edit(account, receipt.remote_id, prepared(account, Part("Rain, and wind")))
    assert BLUESKY.publish(account, message) == edited
    assert BLUESKY.reconcile(account, message, since=AT_ONCE) == edited
    assert owner.texts == ["Rain, and wind"]


def test_what_stands_at_its_address_and_is_not_ours_is_not_taken_for_it(
    owner: PdsAccount, account: Account
) -> None:
    message = prepared(account, Part("Rain"))
    record = {"$type": POSTS, "text": "Else", "createdAt": "2026-01-01T00:00:00Z"}
    body = {"repo": owner.did, "collection": POSTS, "rkey": message.payload["rkey"], "record": record}
    pds().ask("com.atproto.repo.createRecord", body=body, token=owner.owner)
    assert isinstance(BLUESKY.reconcile(account, message, since=AT_ONCE), CannotTell)
    with pytest.raises(Rejected, match="Something else"):
        BLUESKY.publish(account, message)
    assert owner.texts == ["Else"]


# Changed and deleted


def test_an_edit_keeps_the_time_and_the_place_in_the_thread(owner: PdsAccount, account: Account) -> None:
    first = publish(account, Part("1/2", of=2))
    second = publish(account, Part("2/2", number=1, of=2), (first,))
    old = owner.posts[1]["value"]
    edited = BLUESKY.edit(account, second.remote_id, prepared(account, Part(f"2/2 {LINK}")))
    new = owner.posts[1]
    assert new["value"]["text"] == f"2/2 {LINK}"
    assert new["value"]["facets"]
    assert (new["value"]["createdAt"], new["value"]["reply"]) == (old["createdAt"], old["reply"])
    assert edited.remote_id == f"{new['uri']} {new['cid']}"
    assert edited.url == second.url


def test_an_edit_whose_answer_was_lost_may_be_repeated(
    owner: PdsAccount, account: Account, proxy: FaultProxy
) -> None:
    receipt = publish(account, Part("Rain"))
    proxy.arm(faults.DROP_REPLY, method="POST", path=PUT)
    change = prepared(account, Part("Sun"))
    with pytest.raises(Unknown):
        BLUESKY.edit(account, receipt.remote_id, change)
    assert BLUESKY.edit(account, receipt.remote_id, change).remote_id.endswith(owner.posts[0]["cid"])
    assert owner.texts == ["Sun"]


def test_what_was_changed_elsewhere_or_deleted_is_not_written_over(
    owner: PdsAccount, account: Account
) -> None:
    receipt = publish(account, Part("Rain"))
    BLUESKY.edit(account, receipt.remote_id, prepared(account, Part("Wind")))
    with pytest.raises(Rejected, match="changed on Bluesky"):
        BLUESKY.edit(account, receipt.remote_id, prepared(account, Part("Sun")))
    BLUESKY.retract(account, receipt.remote_id)
    with pytest.raises(Rejected):
        BLUESKY.edit(account, receipt.remote_id, prepared(account, Part("Sun")))
    assert owner.texts == []


def test_deleting_twice_is_no_error(owner: PdsAccount, account: Account) -> None:
    receipt = publish(account, Part("Rain"))
    BLUESKY.retract(account, receipt.remote_id)
    assert owner.texts == []
    BLUESKY.retract(account, receipt.remote_id)


def test_a_post_of_another_account_is_not_touched(owner: PdsAccount, account: Account) -> None:
    receipt = publish(account, Part("Rain"))
    stranger = replace(account, credentials=pds().new_account().account().credentials)
    with pytest.raises(Rejected, match="another account"):
        BLUESKY.retract(stranger, receipt.remote_id)
    with pytest.raises(Rejected, match="another account"):
        BLUESKY.edit(stranger, receipt.remote_id, prepared(account, Part("Sun")))
    assert owner.texts == ["Rain"]


# How long


def test_ten_thousand_texts_fit_for_us_exactly_when_they_fit_for_the_server_s_schema() -> None:
    texts = list(mixed(10_000, seed=20261129))
    ours = [measure(text, Rules()).fits for text in texts]
    wrong = [ascii(text) for text, our, their in zip(texts, ours, fits(texts), strict=True) if our != their]
    assert wrong == []
    assert 3_000 < sum(ours) < 7_000  # both answers were asked about


def test_the_server_takes_what_we_send_and_refuses_what_we_would_not(owner: PdsAccount) -> None:
    texts = list(mixed(100, seed=7))
    fitting = [text for text in texts if measure(text, Rules()).fits]
    others = [text for text in texts if text not in fitting][:20]
    assert len(fitting) > 30
    assert len(others) == 20
    account = owner.account()
    writes = [
        {
            "$type": "com.atproto.repo.applyWrites#create",
            "collection": POSTS,
            "rkey": made["rkey"],
            "value": {**made["record"], "facets": [f for f in made["record"].get("facets", []) if _whole(f)]},
        }
        for made in (prepared(account, Part(text)).payload for text in fitting)
    ]
    body = {"repo": owner.did, "validate": True, "writes": writes}
    pds().ask("com.atproto.repo.applyWrites", body=body, token=owner.owner)
    # The server reads a byte order mark at the beginning as none of the text.
    assert sorted(owner.texts) == sorted(text.removeprefix("\ufeff") for text in fitting)
    for text in others:
        record = {"$type": POSTS, "text": text, "createdAt": "2026-01-01T00:00:00Z"}
        body = {"repo": owner.did, "collection": POSTS, "record": record}
        with pytest.raises(AssertionError, match="InvalidRequest"):
            pds().ask("com.atproto.repo.createRecord", body=body, token=owner.owner)


def _whole(facet: dict[str, Any]) -> bool:
    """A mention still lacks its DID."""
    return "handle" not in facet["features"][0]


def _png(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def _stored(picture: Image.Image) -> str:
    return store.put(_png(picture))


# What goes wrong before anything is published


@pytest.mark.parametrize("step", ["identity.resolveHandle", "repo.uploadBlob"])
@pytest.mark.parametrize(
    "fault", [faults.DROP_REPLY, faults.error_after(500), faults.html(200)], ids=lambda f: f.name
)
@pytest.mark.usefixtures("media")
def test_before_the_post_itself_everything_may_be_tried_again(
    owner: PdsAccount, account: Account, proxy: FaultProxy, step: str, fault: faults.Fault
) -> None:
    picture = Picture(_stored(Image.new("RGB", (60, 40), "red")), "Red")
    message = prepared(account, Part(f"@{owner.handle}", pictures=(picture,)))
    proxy.arm(fault, path=f"/xrpc/com.atproto.{step}")
    with pytest.raises(Retry):
        BLUESKY.publish(account, message)
    assert owner.posts == []
    BLUESKY.publish(account, message)
    assert len(owner.posts) == 1


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("https://192.168.1.1", ChannelDown),
        ("http://pds.example.org", ChannelDown),
        ("https://user:word@pds.example.org", ChannelDown),
        ("nonsense", ChannelDown),
        ("https://no.such.host.invalid", Retry),
    ],
)
def test_an_address_that_cannot_be_used_is_told(
    account: Account, url: str, kind: type[OtherSideError]
) -> None:
    message = prepared(account, Part("Rain"))
    with pytest.raises(kind):
        BLUESKY.publish(replace(account, settings={"service": url}), message)


class _Elsewhere(Fake):
    """Not a PDS."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.answer = answer

    def take(self, request: Request) -> Answer:  # noqa: ARG002 - whatever was asked
        return self.answer


@pytest.mark.parametrize("status", [302, 404, 405])
def test_a_server_that_is_no_pds_gets_no_second_request(account: Account, settings: Any, status: int) -> None:
    server = _Elsewhere(Answer(status, b"<html>", {"Location": pds().url}))
    with serving(server):
        settings.FETCH_ALLOW = [urlsplit(server.url).netloc]
        with pytest.raises(ChannelDown, match="service"):
            BLUESKY.verify_credentials(replace(account, settings={"service": server.url}))
    assert len(server.requests) == 1
