"""WeChat's drafts over real HTTP against a fake of its interface: what lies there, what its codes mean, and one token for all."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import redis
from PIL import Image

from publisher.core.errors import ChannelDown, OtherSideError, Rejected, Retry, Unknown
from publisher.core.redis import client as redis_client
from publisher.social.media import store
from publisher.social.networks.base import (
    Account,
    Answer,
    CannotTell,
    NotFound,
    Part,
    Picture,
    Prepared,
    Receipt,
    Standing,
)
from publisher.social.networks.wechat import client, tokens
from publisher.social.networks.wechat.network import WECHAT
from tests.fakes.switches import Fault, as_json, serving
from tests.fakes.wechat import IMAGES, FakeWeChat, account_at

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
LINK = "https://office.example.org/rain?a=1&b=2"
TEXT = "酸模谷的梯田重新通水\n\n两百户家庭修复了石渠 <1> & 2。\n\n## 收成\n\n山谷收获了荞麦。"
NO_TIME = timedelta()


@pytest.fixture
def wechat(inbox: redis.Redis, settings: Any, tmp_path: Path) -> Iterator[FakeWeChat]:
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(tmp_path / "media")},
        },
    }
    fake = FakeWeChat()
    with serving(fake):
        settings.FETCH_ALLOW = (*settings.FETCH_ALLOW, f"127.0.0.1:{fake.port}")
        yield fake


@pytest.fixture
def account(wechat: FakeWeChat) -> Account:
    return account_at(wechat, author="阿尔马里亚办公室")


def a_picture(number: int = 0, size: tuple[int, int] = (640, 480)) -> Picture:
    file = io.BytesIO()
    Image.new("RGB", size, (number * 20, 80, 120)).save(file, "PNG")
    return Picture(store.put(file.getvalue()), alt=f"图 “{number}”")


def prepared(account: Account, text: str = TEXT, *pictures: Picture, link: str = LINK) -> Prepared:
    made = WECHAT.prepare(Part(text, link=link, pictures=pictures or (a_picture(),)), account, "k")
    return Prepared(json.loads(json.dumps(dict(made.payload))), made.idempotency_key)


def test_a_draft_lies_in_the_account_with_cover_pictures_and_link(
    wechat: FakeWeChat, account: Account
) -> None:
    receipt = WECHAT.publish(account, prepared(account, TEXT, a_picture(0), a_picture(1)))
    [draft] = wechat.drafts
    assert receipt == Receipt(draft.media_id)
    assert draft.article["title"] == "酸模谷的梯田重新通水"
    assert draft.article["author"] == "阿尔马里亚办公室"
    assert draft.article["digest"] == "两百户家庭修复了石渠 <1> & 2。"
    assert draft.article["content_source_url"] == LINK
    assert draft.article["thumb_media_id"] in wechat.materials
    assert draft.article["content"] == (
        "<p>两百户家庭修复了石渠 &lt;1&gt; &amp; 2。</p>"
        f'<p><img src="{IMAGES}0/0" alt="图 “0”"></p>'
        "<h2>收成</h2><p>山谷收获了荞麦。</p>"
        f'<p><img src="{IMAGES}1/0" alt="图 “1”"></p>'
    )


def test_pictures_are_made_small_enough(wechat: FakeWeChat, account: Account) -> None:
    noise = Image.effect_noise((2600, 1800), 90)
    file = io.BytesIO()
    noise.convert("RGB").save(file, "PNG")
    WECHAT.publish(account, prepared(account, TEXT, Picture(store.put(file.getvalue()))))
    assert all(len(data) < 1024 * 1024 for data in (*wechat.images.values(), *wechat.materials.values()))
    assert len(wechat.drafts) == 1


def test_a_post_without_a_picture_takes_the_cover_that_the_channel_names(wechat: FakeWeChat) -> None:
    wechat.materials["m-1"] = b"there"
    account = account_at(wechat, cover_media_id="m-1")
    made = WECHAT.prepare(Part(TEXT, link=LINK), account, "k")
    WECHAT.publish(account, made)
    assert wechat.drafts[0].article["thumb_media_id"] == "m-1"
    assert wechat.asked("material/add_material") == 0


def test_the_credentials_are_checked_without_making_anything(wechat: FakeWeChat, account: Account) -> None:
    assert WECHAT.verify_credentials(account) == Standing(wechat.app_id)
    assert (wechat.drafts, wechat.materials) == ([], {})


@pytest.mark.parametrize(
    ("credentials", "why"),
    [
        ({}, "no `app_id`"),
        ({"app_id": "wx1"}, "no `app_id` and `app_secret`"),
        ({"app_id": "wx-other", "app_secret": "s"}, "40013.*AppID and AppSecret"),
    ],
)
def test_wrong_credentials_stop_the_channel(account: Account, credentials: dict[str, str], why: str) -> None:
    wrong = Account(1, "A", credentials, account.settings)
    with pytest.raises(ChannelDown, match=why):
        WECHAT.verify_credentials(wrong)


def test_a_wrong_secret_stops_the_channel_and_is_not_told(wechat: FakeWeChat, account: Account) -> None:
    wrong = Account(1, "A", {"app_id": wechat.app_id, "app_secret": "not-this-one"}, account.settings)
    with pytest.raises(ChannelDown) as raised:
        WECHAT.verify_credentials(wrong)
    assert "not-this-one" not in raised.value.reason


# ---- The token ----


def test_one_token_is_asked_for_and_shared(wechat: FakeWeChat, account: Account) -> None:
    WECHAT.publish(account, prepared(account))
    WECHAT.publish(account, prepared(account))
    assert wechat.asked("stable_token") == 1


def test_the_token_lies_encrypted_in_redis_and_ends_there_before_it_ends(
    wechat: FakeWeChat, account: Account
) -> None:
    WECHAT.verify_credentials(account)
    place = tokens.keys_of(account).place
    kept = redis_client().get(place)
    assert isinstance(kept, bytes)
    assert wechat.tokens[0].value.encode() not in kept
    assert account.credentials["app_secret"] not in place
    lasts = redis_client().ttl(place)
    assert 6000 < lasts <= 7200 - tokens.BEFORE_ITS_END  # type: ignore[operator]  # an int of a synchronous client


def test_another_secret_does_not_take_the_old_ones_token(wechat: FakeWeChat, account: Account) -> None:
    WECHAT.verify_credentials(account)
    wrong = Account(1, "A", {**account.credentials, "app_secret": "other"}, account.settings)
    with pytest.raises(ChannelDown):
        WECHAT.verify_credentials(wrong)


def test_a_token_that_was_made_anew_elsewhere_is_renewed_once(wechat: FakeWeChat, account: Account) -> None:
    WECHAT.publish(account, prepared(account))
    wechat.revoke()
    WECHAT.publish(account, prepared(account))
    assert (len(wechat.drafts), wechat.forced) == (2, 1)


def test_a_token_that_ended_is_renewed(wechat: FakeWeChat, account: Account) -> None:
    WECHAT.verify_credentials(account)
    wechat.ahead = 7300
    WECHAT.verify_credentials(account)
    assert len(wechat.tokens) == 2


@pytest.mark.parametrize("code", [40001, 40014, 42001])
def test_a_new_token_that_is_refused_too_ends_the_try_and_nothing_was_made(
    wechat: FakeWeChat, account: Account, code: int
) -> None:
    wechat.barred["draft/add"] = code
    with pytest.raises(Retry, match=str(code)):
        WECHAT.publish(account, prepared(account))
    assert (wechat.asked("draft/add"), wechat.forced, wechat.drafts) == (2, 1, [])


def test_of_many_at_once_one_renews(wechat: FakeWeChat, account: Account) -> None:
    start, done = threading.Barrier(8), []

    def check() -> None:
        start.wait()
        WECHAT.verify_credentials(account)
        done.append(True)

    threads = [threading.Thread(target=check) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(done), wechat.asked("stable_token")) == (8, 1)


def test_many_whose_token_was_refused_have_it_made_anew_once(wechat: FakeWeChat, account: Account) -> None:
    WECHAT.verify_credentials(account)
    wechat.revoke()
    test_start = threading.Barrier(6)

    def check() -> None:
        test_start.wait()
        WECHAT.verify_credentials(account)

    threads = [threading.Thread(target=check) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wechat.forced == 1


def test_without_redis_it_goes_on(wechat: FakeWeChat, account: Account, settings: Any) -> None:
    made = prepared(account)
    settings.REDIS_URL = "unix:///nonexistent/valkey.sock"
    redis_client.cache_clear()
    try:
        WECHAT.publish(account, made)
    finally:
        redis_client.cache_clear()
    assert len(wechat.drafts) == 1


def test_what_stands_in_redis_and_cannot_be_opened_is_replaced(wechat: FakeWeChat, account: Account) -> None:
    redis_client().set(tokens.keys_of(account).place, b"\xff not ours")
    WECHAT.verify_credentials(account)
    assert wechat.asked("stable_token") == 1


# ---- What answers mean ----


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (-1, Unknown),
        (45009, Retry),
        (45011, Retry),
        (40001, Retry),
        (48001, ChannelDown),
        (48004, ChannelDown),
        (50001, ChannelDown),
        (50002, ChannelDown),
        (40164, ChannelDown),
        (40125, ChannelDown),
        (45002, Rejected),
        (45003, Rejected),
        (45110, Rejected),
        (40007, Rejected),
        (99999, Rejected),
    ],
)
def test_a_code_means_an_error(code: int, error: type[OtherSideError]) -> None:
    body = {"errcode": code, "errmsg": "words of WeChat"}
    found = WECHAT.classify(Account(1, "A"), Answer(200, {}, json.dumps(body).encode()), now=NOW)
    assert type(found) is error or isinstance(found, error)
    assert found is not None
    assert str(code) in found.reason


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Answer(200, {}, b"<html>"), Unknown),
        (Answer(200, {}, b'{"errcode": "0"}'), Unknown),
        (Answer(502), Unknown),
        (Answer(429), Retry),
        (Answer(201, {}, b'{"media_id": "m"}'), Unknown),
        (Answer(302), ChannelDown),
        (Answer(404), ChannelDown),
        (Answer(413), Rejected),
    ],
)
def test_what_is_no_answer_of_wechats_means_an_error(answer: Answer, error: type[OtherSideError]) -> None:
    assert isinstance(WECHAT.classify(Account(1, "A"), answer, now=NOW), error)


def test_success_is_no_error() -> None:
    assert WECHAT.classify(Account(1, "A"), Answer(200, {}, b'{"media_id": "m"}'), now=NOW) is None
    assert WECHAT.classify(Account(1, "A"), Answer(200, {}, b'{"errcode": 0}'), now=NOW) is None


def test_a_used_up_day_ends_at_midnight_in_beijing() -> None:
    body = json.dumps({"errcode": 45009, "errmsg": "reach max api daily quota limit"}).encode()
    found = WECHAT.classify(Account(1, "A"), Answer(200, {}, body), now=NOW)
    assert isinstance(found, Retry)
    assert found.after == timedelta(hours=4, minutes=5)  # 12:00 UTC is 20:00 there


@pytest.mark.parametrize("path", ["material/add_material", "media/uploadimg", "draft/add", "stable_token"])
def test_a_used_up_day_makes_the_channel_wait_at_each_step(
    wechat: FakeWeChat, account: Account, path: str
) -> None:
    wechat.quota[path] = 0
    with pytest.raises(Retry) as raised:
        WECHAT.publish(account, prepared(account))
    assert raised.value.after is not None
    assert wechat.drafts == []


@pytest.mark.parametrize("path", ["stable_token", "material/add_material", "media/uploadimg"])
def test_busy_before_the_draft_is_tried_again(wechat: FakeWeChat, account: Account, path: str) -> None:
    wechat.barred[path] = -1
    with pytest.raises(Retry, match="-1"):
        WECHAT.publish(account, prepared(account))
    assert wechat.asked("draft/add") == 0


def test_busy_at_the_draft_is_unclear(wechat: FakeWeChat, account: Account) -> None:
    wechat.barred["draft/add"] = -1
    with pytest.raises(Unknown, match="-1"):
        WECHAT.publish(account, prepared(account))
    assert wechat.asked("draft/add") == 1


def test_an_account_without_the_right_stops_the_channel_and_says_the_way_out(
    wechat: FakeWeChat, account: Account
) -> None:
    wechat.barred["draft/add"] = 48001
    with pytest.raises(ChannelDown, match="Take the credentials off the channel"):
        WECHAT.publish(account, prepared(account))


def test_no_error_tells_the_token(wechat: FakeWeChat, account: Account) -> None:
    WECHAT.verify_credentials(account)
    token = wechat.tokens[0].value
    wechat.faults = [as_json(200, {"errcode": 45003, "errmsg": f"bad url ?access_token={token}"})]
    with pytest.raises(Rejected) as raised:
        WECHAT.verify_credentials(account)
    assert token not in str(raised.value)
    assert "45003" in str(raised.value)


# ---- Looking for a draft whose answer was lost ----


def lose(wechat: FakeWeChat, account: Account, made: Prepared) -> None:
    """Lay the draft; its answer does not come."""
    WECHAT.verify_credentials(account)
    wechat.faults = [None, None, Fault.DROP_AFTER]  # type: ignore[list-item]  # none for both pictures
    with pytest.raises(Unknown):
        WECHAT.publish(account, made)


def test_a_draft_whose_answer_was_lost_is_found(wechat: FakeWeChat, account: Account) -> None:
    made = prepared(account)
    lose(wechat, account, made)
    assert WECHAT.reconcile(account, made, since=timedelta(minutes=3)) == Receipt(wechat.drafts[0].media_id)


def test_what_is_not_there_is_certainly_not_there(wechat: FakeWeChat, account: Account) -> None:
    WECHAT.publish(
        account, prepared(account, "另一篇\n\n不同的文章。", link="https://office.example.org/other")
    )
    assert WECHAT.reconcile(account, prepared(account), since=NO_TIME) == NotFound()


def test_an_older_draft_with_the_same_words_is_not_taken_for_it(wechat: FakeWeChat, account: Account) -> None:
    made = prepared(account)
    WECHAT.publish(account, made)
    wechat.drafts[0].updated -= 3600
    assert WECHAT.reconcile(account, made, since=timedelta(minutes=3)) == NotFound()


def test_a_draft_that_somebody_changed_meanwhile_needs_a_person(wechat: FakeWeChat, account: Account) -> None:
    made = prepared(account)
    lose(wechat, account, made)
    wechat.drafts[0].article["title"] = "改过的标题"
    answer = WECHAT.reconcile(account, made, since=timedelta(minutes=3))
    assert isinstance(answer, CannotTell)
    assert "改过的标题" in answer.reason


def test_more_drafts_than_are_looked_through_need_a_person(wechat: FakeWeChat, account: Account) -> None:
    made = prepared(account)
    for number in range(client.PAGE * client.MOST_PAGES):
        article = {"title": f"其他 {number}", "digest": "", "content_source_url": "", "content": ""}
        wechat.drafts.append(type_of_draft(wechat, article))
    assert isinstance(WECHAT.reconcile(account, made, since=NO_TIME), CannotTell)
    wechat.drafts.pop()
    assert WECHAT.reconcile(account, made, since=NO_TIME) == NotFound()


def type_of_draft(wechat: FakeWeChat, article: dict[str, Any]) -> Any:
    from tests.fakes.wechat import Draft

    return Draft(f"d{len(wechat.drafts)}", article, int(wechat.now))


@pytest.mark.parametrize(
    "body",
    [{"item": 7}, {}, {"item": [{"media_id": 5}]}, {"item": ["x"]}],
)
def test_a_list_that_cannot_be_read_decides_nothing(
    wechat: FakeWeChat, account: Account, body: dict[str, Any]
) -> None:
    WECHAT.verify_credentials(account)
    wechat.faults = [as_json(200, body)]
    try:
        answer = WECHAT.reconcile(account, prepared(account), since=NO_TIME)
    except Retry:
        return
    assert isinstance(answer, CannotTell)


def test_what_is_published_is_changed_by_hand(account: Account) -> None:
    with pytest.raises(Rejected, match=r"mp\.weixin"):
        WECHAT.edit(account, "m", Prepared({}, "k"))
    with pytest.raises(Rejected, match=r"mp\.weixin"):
        WECHAT.retract(account, "m")
