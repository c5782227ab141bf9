"""The login to Bluesky, against a real PDS: made once, kept, renewed, made anew; and what an account may not do."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from publisher.core.errors import ChannelDown, Rejected, Retry
from publisher.social import sessions
from publisher.social.networks.base import Account, Part, Receipt
from publisher.social.networks.bluesky.network import BLUESKY
from publisher.social.networks.bluesky.session import Session, login_of, session_in, stored
from publisher.social.networks.bluesky.wire import Api
from tests.builders import a_channel
from tests.fakes import fault_proxy as faults
from tests.fakes.bluesky import PUT, PdsAccount, pds, running
from tests.fakes.fault_proxy import FaultProxy, fault_proxy

pytestmark = pytest.mark.django_db

SERVER = "/xrpc/com.atproto.server."
LOGIN, REFRESH = f"{SERVER}createSession", f"{SERVER}refreshSession"


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


def publish(account: Account, text: str = "Rain") -> Receipt:
    return BLUESKY.publish(account, BLUESKY.prepare(Part(text), account, uuid4().hex))


def asked(proxy: FaultProxy, path: str) -> int:
    return sum(urlsplit(seen.target).path == path for seen in proxy.seen)


def kept(account: Account) -> Session:
    found = session_in(sessions.kept(account.channel_id).value, login_of(account))
    assert found
    return found


def change(account: Account, **fields: str) -> None:
    """Put something else into the session that is kept."""
    value = stored(replace(kept(account), **fields), login_of(account))
    sessions.keep(account.channel_id, value, instead_of=sessions.kept(account.channel_id))


def let_expire(owner: PdsAccount, account: Account) -> None:
    """Two hours later: the access token is over."""
    change(account, access=pds().token(owner.did, expired=True))


def test_one_login_is_enough_for_many_posts(owner: PdsAccount, account: Account, proxy: FaultProxy) -> None:
    for number in range(4):
        publish(account, f"Rain {number}")
    assert len(owner.texts) == 4
    assert (asked(proxy, LOGIN), asked(proxy, REFRESH)) == (1, 0)


def test_a_session_that_ended_is_renewed_once_and_the_post_goes_out(
    owner: PdsAccount, account: Account, proxy: FaultProxy
) -> None:
    publish(account, "Rain")
    let_expire(owner, account)
    publish(account, "Sun")
    publish(account, "Wind")
    assert owner.texts == ["Rain", "Sun", "Wind"]
    assert (asked(proxy, LOGIN), asked(proxy, REFRESH)) == (1, 1)
    assert sum(seen.status == 400 for seen in proxy.seen) == 1  # the one request that showed it


@pytest.mark.parametrize("refresh", ["revoked", "nonsense"])
def test_when_it_cannot_be_renewed_there_is_another_login(
    owner: PdsAccount, account: Account, proxy: FaultProxy, refresh: str
) -> None:
    publish(account, "Rain")
    if refresh == "revoked":
        pds().ask("com.atproto.server.deleteSession", token=kept(account).refresh, post=True)
    else:
        change(account, refresh=refresh)
    let_expire(owner, account)
    publish(account, "Sun")
    assert owner.texts == ["Rain", "Sun"]
    assert asked(proxy, LOGIN) == 2


def test_two_that_renew_at_once_do_not_break_each_other(owner: PdsAccount, account: Account) -> None:
    publish(account)
    let_expire(owner, account)
    first, second = Api(account, seconds=30), Api(account, seconds=30)
    assert first.session == second.session
    first.renew(certainly=True)
    second.renew(certainly=True)  # it asked before the first had kept its own
    for api in (first, second, Api(account, seconds=30)):
        assert api.whoami()["did"] == owner.did
    assert kept(account) == first.session


def test_one_that_comes_later_takes_what_another_has_renewed(
    owner: PdsAccount, account: Account, proxy: FaultProxy
) -> None:
    publish(account)
    let_expire(owner, account)
    first, second = Api(account, seconds=30), Api(account, seconds=30)
    first.whoami()
    second.whoami()
    assert second.session == first.session
    assert asked(proxy, REFRESH) == 1


def test_one_whose_token_another_has_used_up_takes_what_that_one_made(
    owner: PdsAccount, account: Account, proxy: FaultProxy
) -> None:
    publish(account)
    let_expire(owner, account)
    slow = Api(account, seconds=30)
    old = slow.session.refresh
    BLUESKY.verify_credentials(account)  # another process renews, and the server forgets the old token
    pds().ask("com.atproto.server.deleteSession", token=old, post=True)
    slow.renew(certainly=True)
    assert slow.session == kept(account)
    assert asked(proxy, LOGIN) == 1


def test_other_credentials_begin_anew(owner: PdsAccount, account: Account, proxy: FaultProxy) -> None:
    publish(account)
    made = pds().ask("com.atproto.server.createAppPassword", token=owner.owner, body={"name": "Other"})
    account = replace(account, credentials={**account.credentials, "app_password": made["password"]})
    publish(account, "Sun")
    assert asked(proxy, LOGIN) == 2
    assert kept(account).did == owner.did


def test_the_standing_names_the_account(owner: PdsAccount, account: Account) -> None:
    assert BLUESKY.verify_credentials(account).name == f"@{owner.handle}"


def test_a_wrong_password_is_told_without_it(owner: PdsAccount, account: Account) -> None:
    wrong = replace(account, credentials={**account.credentials, "app_password": "not-my-password"})
    for call in (publish, BLUESKY.verify_credentials):
        with pytest.raises(ChannelDown, match="app password") as caught:
            call(wrong)
        assert "not-my-password" not in str(caught.value)
    assert owner.texts == []


def test_an_app_password_that_was_revoked_shows_at_the_next_look(owner: PdsAccount, account: Account) -> None:
    publish(account)
    body = {"name": "Publisher"}
    pds().ask("com.atproto.server.revokeAppPassword", token=owner.owner, body=body)
    with pytest.raises(ChannelDown, match="app_password"):
        BLUESKY.verify_credentials(account)


def _take_down(owner: PdsAccount) -> None:
    subject = {"$type": "com.atproto.admin.defs#repoRef", "did": owner.did}
    owner.admin(
        "com.atproto.admin.updateSubjectStatus",
        {"subject": subject, "takedown": {"applied": True, "ref": "test"}},
    )


def _deactivate(owner: PdsAccount) -> None:
    pds().ask("com.atproto.server.deactivateAccount", token=owner.owner, body={})


@pytest.mark.parametrize("end", [_take_down, _deactivate])
@pytest.mark.parametrize("logged_in", [True, False])
def test_an_account_that_may_not_post_is_down(
    owner: PdsAccount, account: Account, end: Callable[[PdsAccount], None], logged_in: bool
) -> None:
    message = BLUESKY.prepare(Part("Rain"), account, uuid4().hex)
    if logged_in:
        BLUESKY.verify_credentials(account)
    end(owner)
    with pytest.raises(ChannelDown):
        BLUESKY.publish(account, message)
    with pytest.raises(ChannelDown):
        BLUESKY.verify_credentials(account)


def test_the_server_s_limit_of_logins_lets_the_channel_wait(settings: Any) -> None:
    with running(rate_limits=True) as server:
        settings.FETCH_ALLOW = [server.place]
        owner = server.new_account()
        credentials = {"identifier": owner.handle, "password": owner.app_password}
        with ThreadPoolExecutor(10) as pool:  # each takes a while, by intention
            list(
                pool.map(
                    lambda _: server.ask("com.atproto.server.createSession", body=credentials), range(30)
                )
            )
        with pytest.raises(Retry) as caught:
            publish(owner.account(channel_id=a_channel("bluesky").pk))
    assert caught.value.after
    assert (
        0 < caught.value.after.total_seconds() < 300
    )  # five minutes from the first of them, by its own word


@pytest.mark.parametrize("path", [LOGIN, REFRESH])
@pytest.mark.parametrize(
    "fault",
    [faults.DROP_REPLY, faults.error_after(500), faults.html(200), faults.TRUNCATED],
    ids=lambda f: f.name,
)
def test_a_login_whose_answer_is_lost_publishes_nothing_and_may_be_repeated(
    owner: PdsAccount, account: Account, proxy: FaultProxy, path: str, fault: faults.Fault
) -> None:
    if path == REFRESH:
        BLUESKY.verify_credentials(account)
        let_expire(owner, account)
    proxy.arm(fault, path=path)
    with pytest.raises(Retry):
        publish(account)
    assert owner.texts == []
    publish(account)
    assert owner.texts == ["Rain"]


def test_no_secret_stands_in_any_log(
    owner: PdsAccount, account: Account, proxy: FaultProxy, caplog: pytest.LogCaptureFixture
) -> None:
    for logger in ("", "httpx", "httpcore", "publisher", "atproto_client"):
        caplog.set_level(logging.DEBUG, logger=logger or None)
    publish(account)
    used = [kept(account)]
    let_expire(owner, account)
    used.append(kept(account))
    publish(account, "Sun")
    used.append(kept(account))
    said = caplog.text + "".join(repr(record.__dict__) for record in caplog.records)
    assert "createSession" in said  # the requests are logged, by whoever does it
    for secret in [owner.app_password, *(each.access for each in used), *(each.refresh for each in used)]:
        assert secret not in said


def test_a_gate_that_quotes_the_request_reveals_nothing(
    owner: PdsAccount, account: Account, proxy: FaultProxy
) -> None:
    publish(account)
    quoted: Mapping[str, str] = {"error": "Forbidden", "message": f"Bearer {kept(account).access}"}
    fault = faults.Fault(
        "quotes", faults.End.ANSWER, forwards=False, status=403, body=json.dumps(quoted).encode()
    )
    proxy.arm(fault, method="POST", path=PUT)
    with pytest.raises(ChannelDown) as caught:
        publish(account)
    assert "Bearer …" in caught.value.reason
    assert kept(account).access[:20] not in caught.value.reason


def test_a_refusal_of_the_post_is_no_reason_for_another_login(
    owner: PdsAccount, account: Account, proxy: FaultProxy
) -> None:
    message = BLUESKY.prepare(Part("Rain"), account, uuid4().hex)
    record = {**message.payload["record"], "text": "a" * 400}
    with pytest.raises(Rejected, match="text"):
        BLUESKY.publish(account, replace(message, payload={**message.payload, "record": record}))
    assert asked(proxy, LOGIN) == 1
    assert owner.texts == []
