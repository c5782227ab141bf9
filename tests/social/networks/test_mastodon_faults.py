"""Mastodon when the wire breaks, for what the table of faults does not show (`tests/faults/networks/mastodon.py`): what each
answer is taken for, the waits, and what the server's key does.

The faults lie between the client and the fake, which really took the request or really never saw it.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from PIL import Image

from publisher.core.errors import ChannelDown, OtherSideError, Rejected, Retry, Unknown
from publisher.social.media import store
from publisher.social.networks.base import Account, NotFound, Part, Picture, Prepared
from publisher.social.networks.mastodon.network import MASTODON
from tests.fakes import fault_proxy as faults
from tests.fakes.fault_proxy import Fault, FaultProxy, fault_proxy
from tests.fakes.mastodon import FakeMastodon, account_at, serving

TIMEOUT = 0.5
SLOW = faults.slow(2.0)
LATE = faults.late(1.0)
IN_TWO_MINUTES = (datetime.now(UTC) + timedelta(seconds=120)).isoformat()

UPLOAD = ("POST", "/api/v2/media")
PUBLISH = ("POST", "/api/v1/statuses")

LIMITED = [
    faults.rate_limit(),
    faults.rate_limit({"Retry-After": "90"}),
    faults.rate_limit({"X-RateLimit-Reset": IN_TWO_MINUTES}),
]
BROKEN = [faults.DROP_REPLY, faults.RESET, faults.error_after(502, body=faults.PAGE), LATE]


def named(fault: Fault) -> str:
    return f"{fault.name}-{next(iter(fault.headers), '')}".rstrip("-")


broken = pytest.mark.parametrize("fault", BROKEN, ids=named)


@pytest.fixture
def fake() -> FakeMastodon:
    return FakeMastodon()


@pytest.fixture
def proxy(fake: FakeMastodon) -> Iterator[FaultProxy]:
    with serving(fake) as url, fault_proxy(url) as proxy:
        yield proxy


@pytest.fixture
def account(proxy: FaultProxy) -> Account:
    return account_at(proxy.url, timeout_seconds=TIMEOUT)


@pytest.fixture
def message(account: Account) -> Prepared:
    return a_message(account)


def a_message(account: Account) -> Prepared:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "navy").save(out, "PNG")
    picture = Picture(store.put(out.getvalue()), "A map.")
    return MASTODON.prepare(Part("Rain arrives in the north.", pictures=(picture,)), account, "k1")


def requests(proxy: FaultProxy, step: tuple[str, str]) -> int:
    proxy.wait_until_quiet()
    return sum((seen.method, seen.target) == step for seen in proxy.seen)


def publish_in_vain(account: Account, message: Prepared, proxy: FaultProxy, fault: Fault) -> None:
    """Publish with the wire broken: nobody can tell whether it stands."""
    proxy.arm(fault, method=PUBLISH[0], path=PUBLISH[1])
    with pytest.raises(Unknown):
        MASTODON.publish(account, message)
    proxy.wait_until_quiet()


@pytest.mark.parametrize("fault", LIMITED, ids=named)
@pytest.mark.parametrize("step", [UPLOAD, PUBLISH], ids=["upload", "publish"])
def test_a_rate_limit_publishes_nothing_and_names_a_wait(
    fake: FakeMastodon, proxy: FaultProxy, account: Account, fault: Fault, step: tuple[str, str]
) -> None:
    message = a_message(account)
    proxy.arm(fault, method=step[0], path=step[1])
    with pytest.raises(Retry) as raised:
        MASTODON.publish(account, message)
    after = raised.value.after
    assert after is not None
    if "Retry-After" in fault.headers:
        assert after == timedelta(seconds=90)
    elif "X-RateLimit-Reset" in fault.headers:
        assert timedelta(seconds=1) <= after <= timedelta(seconds=120)
    else:
        assert after == timedelta(minutes=5)
    assert (requests(proxy, step), fake.statuses) == (1, [])


@broken
def test_an_upload_that_breaks_is_tried_again_and_publishes_nothing(
    fake: FakeMastodon, proxy: FaultProxy, account: Account, message: Prepared, fault: Fault
) -> None:
    proxy.arm(fault, method=UPLOAD[0], path=UPLOAD[1])
    with pytest.raises(Retry):
        MASTODON.publish(account, message)
    assert (requests(proxy, UPLOAD), requests(proxy, PUBLISH), fake.statuses) == (1, 0, [])


@broken
def test_sent_again_with_the_same_key_within_the_hour_it_appears_once(
    fake: FakeMastodon, proxy: FaultProxy, account: Account, message: Prepared, fault: Fault
) -> None:
    publish_in_vain(account, message, proxy, fault)
    fake.ahead = timedelta(minutes=55)
    MASTODON.publish(account, message)
    assert len(fake.statuses) == 1


@broken
def test_when_the_key_is_forgotten_looking_still_tells(
    fake: FakeMastodon, proxy: FaultProxy, account: Account, message: Prepared, fault: Fault
) -> None:
    publish_in_vain(account, message, proxy, fault)
    fake.ahead = timedelta(hours=30)
    found = MASTODON.reconcile(account, message, since=timedelta(hours=30))
    if found == NotFound():
        MASTODON.publish(account, message)
    assert len(fake.statuses) == 1


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (faults.error(401, body=b'{"error": "The access token was revoked"}'), ChannelDown),
        (faults.error(403, body=faults.PAGE), ChannelDown),
        (faults.error(404, body=faults.PAGE), ChannelDown),
        (faults.error(404, body=b'{"error": "Record not found"}'), Rejected),
        (faults.error(410), ChannelDown),
        (faults.error(301, body=b""), ChannelDown),
        (Fault("moved", faults.End.ANSWER, False, status=307, headers={"Location": PUBLISH[1]}), ChannelDown),
        (faults.error(413, body=faults.PAGE), Rejected),
        (faults.error(422, body=b'{"error": "Validation failed"}'), Rejected),
        (faults.error(408, body=b""), Unknown),
        (faults.error(500, body=b'{"error": ["no", "text"]}'), Unknown),
        (Fault("null", faults.End.ANSWER, status=200, body=b"null"), Unknown),
        (Fault("a list", faults.End.ANSWER, status=200, body=b"[]"), Unknown),
        (Fault("no id", faults.End.ANSWER, status=200, body=b'{"url": "https://a.example"}'), Unknown),
        (Fault("odd id", faults.End.ANSWER, status=200, body=b'{"id": {"a": 1}}'), Unknown),
        (Fault("empty", faults.End.ANSWER, status=200, body=b""), Unknown),
        (Fault("huge", faults.End.ANSWER, status=200, body=b'"' + b"a" * 5_000_000), Unknown),
    ],
    ids=lambda value: value.name if isinstance(value, Fault) else "",
)
def test_what_each_answer_means(
    proxy: FaultProxy, account: Account, message: Prepared, fault: Fault, error: type[OtherSideError]
) -> None:
    proxy.arm(fault, method=PUBLISH[0], path=PUBLISH[1])
    with pytest.raises(error):
        MASTODON.publish(account, message)
    assert requests(proxy, PUBLISH) == 1


def test_a_rate_limit_header_that_cannot_be_read_spoils_no_success(
    fake: FakeMastodon, proxy: FaultProxy, account: Account, message: Prepared
) -> None:
    body = b'{"id": "5", "url": "https://fake.example/@office/5"}'
    headers = {"X-RateLimit-Reset": "soon", "X-RateLimit-Remaining": "many", "Link": "<"}
    proxy.arm(
        Fault("odd headers", faults.End.ANSWER, status=200, headers=headers, body=body), path=PUBLISH[1]
    )
    assert MASTODON.publish(account, message).remote_id == "5"


@pytest.mark.parametrize("fault", [faults.DROP_REPLY, faults.error_after(500), SLOW], ids=named)
def test_an_edit_or_a_deletion_that_broke_may_be_done_again(
    fake: FakeMastodon, proxy: FaultProxy, account: Account, message: Prepared, fault: Fault
) -> None:
    receipt = MASTODON.publish(account, message)
    path = f"/api/v1/statuses/{receipt.remote_id}"
    new = MASTODON.prepare(Part("Corrected."), account, "k2")
    proxy.arm(fault, method="PUT", path=path)
    with pytest.raises(Unknown):
        MASTODON.edit(account, receipt.remote_id, new)
    MASTODON.edit(account, receipt.remote_id, new)
    assert fake.texts == ["Corrected."]
    proxy.arm(fault, method="DELETE", path=path)
    with pytest.raises(Unknown):
        MASTODON.retract(account, receipt.remote_id)
    MASTODON.retract(account, receipt.remote_id)
    assert fake.statuses == []
