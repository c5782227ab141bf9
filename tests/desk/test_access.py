"""Who may open which page: every address of the desk × everybody, walked from the URL table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpResponseBase
from django.test import Client
from django.urls import URLPattern, reverse

from publisher.core import audit, clock
from publisher.delivery.models import Delivery
from publisher.desk.access import ANYONE
from publisher.desk.editions.pictures import name_of
from publisher.desk.urls import urlpatterns
from publisher.feedback.webhooks import doors
from publisher.people import api_keys, calendar_address, invitations
from publisher.people.permissions import ADMIN, PERMISSIONS, ROLES, VIEWER, WRITE, Role
from publisher.social.media import store
from publisher.social.models import TemplateVersion
from publisher.social.networks.base import Picture
from tests.builders import NOON, a_digest, a_subscriber, a_topic, an_item
from tests.desk.audience_builders import a_bulk, a_reader_tag, a_segment, an_attribute, an_upload
from tests.desk.builders import (
    a_handed_post,
    a_mail,
    a_mail_domain,
    a_mailbox,
    a_message,
    a_pause,
    a_post,
    a_post_delivery,
    a_rejection,
    a_report,
    a_sign_up,
    a_signing_key,
    a_suppression,
    a_suppression_import,
    a_variant,
    a_webhook,
    an_amendment,
    an_edition,
    an_export,
    pictures_in,
)
from tests.desk.conftest import a_person
from tests.drawn import a_stored_picture, drawn
from tests.review.steps import tagged

pytestmark = pytest.mark.django_db

PAGES = [pattern.name or "" for pattern in urlpatterns]
ACCESS: dict[str, str] = {pattern.name or "": pattern.callback.access for pattern in urlpatterns}  # type: ignore[attr-defined]  # set by access.py
PICTURE_DEEDS = [f"post-picture-{deed}" for deed in ("describe", "leave-out", "put-back", "upload", "again")]
OPEN_TO_ALL = {
    "calendar-ics",
    "login",
    "login-passkey",
    "second-step",
    "logout",
    "language",
    "sso",
    "sso-callback",
    "invitation",
    "reset-ask",
    "reset",
    "reset-done",
}
SUBSCRIBER_DEEDS = [
    f"subscriber-{deed}"
    for deed in ("rename", "unsubscribe", "suppress", "lift", "tag", "attribute", "erase", "data")
]
POST_ONLY = {
    *SUBSCRIBER_DEEDS,
    "subscribers-export",
    "segment-count",
    "segment-remove",
    "tag-new",
    "tag",
    "attribute-new",
    "attribute",
    "bulk-stop",
    "bulk-undo",
    *(f"import-{deed}" for deed in ("check", "begin", "withdraw")),
    "calendar-move",
    "account-preferences",
    "account-password",
    "account-session-end",
    "account-sessions-end",
    "account-app-remove",
    "account-codes-make",
    "people-invite",
    "people-invite-again",
    "people-withdraw",
    "person-act",
    "api-key-make",
    *(f"webhook-{deed}" for deed in ("switch", "secret", "test", "replay", "remove", "message-replay")),
    "api-key-revoke",
    "language",
    "logout",
    "topic",
    "post-edit",
    "post-redraft",
    "post-cancel",
    "post-reschedule",
    "post-measure",
    "post-check",
    "compose-act",
    "compose-measure",
    *PICTURE_DEEDS,
    "digest-preview",
    "digest-switch",
    "sign-up-act",
    "sign-up-decide",
    "sign-up-domain",
    "sign-up-domain-forget",
    "edition-act",
    "edition-arrange",
    "edition-check",
    "edition-confirm",
    "edition-measure",
    "edition-reader",
    "edition-readers",
    "edition-test",
    "edition-texts",
    "channel-check",
    "channel-resume",
    "channel-switch",
    "channel-app",
    "channel-connect",
    "channel-disconnect",
    "schedule-preview",
    "schedule-delete",
    "template-preview",
    "template-drafts",
    "mail-examine",
    "mail-test",
    "mail-key-new",
    "mail-key",
    "mail-provider-remove",
    "suppression-lift",
    "suppression-export-ask",
    "mailbox-deed",
    "correct-go",
    "correct-measure",
    "correction-again",
    "correction-approve",
    "correction-call-off",
    "correction-confirm",
    "correction-delete-answer",
    "delivery-confirm",
    "delivery-message",
    "delivery-resend",
    "delivery-retry",
    "deliveries-retry",
    "report-evidence",
    "export-ask",
    "audit-export-ask",
    "delivery-posted",
    "post-not-posted",
    "sending-stop",
    "sending-go",
    "sending-try",
    "pause-begin",
    "pause-release",
    "asking-decide",
    "post-approve",
    "post-ask-changes",
    "post-comment",
    "edition-ask-changes",
    "edition-comment",
    "edition-tag-clear",
    "edition-tag-remove",
    "item-tag",
    "item-tag-remove",
    "item-tag-clear",
    "item-tag-take-back",
    "asking-all",
}


@pytest.fixture
def addresses(tmp_path: Path, settings: Any) -> dict[str, str]:
    """One address that exists for each page."""
    item, topic, post = an_item(), a_topic(), a_post()
    picture = "http://127.0.0.1:9/a.png"  # which nobody may ask for
    edition = an_edition(items=[an_item(image_url=picture)])
    pictures_in(tmp_path, settings)
    handed = a_handed_post(pictures=(Picture(store.put(drawn())),))
    with_a_person = {"delivery_id": Delivery.objects.get(post=handed).pk}
    TemplateVersion.objects.create(channel=post.channel, number=1, at=NOON)
    item.item_topics.create(topic=topic, state="suggested")
    delivery = a_post_delivery(post)
    amendment = an_amendment(post)
    tag = tagged(item)
    door, _secret = doors.make("postmark", secret="", user=None, now=NOON)
    report = a_report().pk
    arguments: dict[str, dict[str, object]] = {
        "calendar-move": {"post_id": post.pk},
        "calendar-ics": {"token": calendar_address.renew(user=a_person("olga", VIEWER), now=NOON)},
        "item": {"item_id": item.pk},
        "topic": {"item_id": item.pk, "topic_id": topic.pk},
        "rejection": {"rejection_id": a_rejection().pk},
        **{
            name: {"post_id": post.pk}
            for name in ("post", "post-edit", "post-cancel", "post-redraft", "post-reschedule", "post-check")
        },
        **{name: {"post_id": post.pk} for name in PICTURE_DEEDS},
        "compose": {"item_id": post.item_id},
        "compose-act": {"item_id": post.item_id},
        "compose-measure": {"item_id": post.item_id, "post_id": post.pk, "part": 0},
        "picture": {"digest": a_stored_picture().pk},
        "post-measure": {"post_id": post.pk, "part": 0},
        "edition": {"edition_id": edition.pk},
        "edition-progress": {"edition_id": edition.pk},
        "edition-confirm": {"edition_id": edition.pk},
        "edition-waves": {"edition_id": edition.pk},
        "edition-test": {"edition_id": edition.pk},
        "edition-act": {"edition_id": edition.pk, "action": "approve"},
        **{
            f"edition-{name}": {"edition_id": edition.pk}
            for name in (
                "arrange",
                "offered",
                "texts",
                "check",
                "reader",
                "readers",
                "readers-now",
                "preview",
            )
        },
        "edition-measure": {"edition_id": edition.pk, "language": "en"},
        "digest-edit": {"digest_id": edition.digest_id},
        "digest-switch": {"digest_id": edition.digest_id},
        "edition-picture": {"edition_id": edition.pk, "name": name_of(picture)},
        "digest-sign-up": {"digest_id": edition.digest_id},
        "sign-up-act": {"sign_up_id": a_sign_up(edition.digest, held="").pk},
        "sign-up-decide": {"sign_up_id": a_sign_up(edition.digest).pk},
        "sign-up-domain-forget": {"domain_id": a_mail_domain().pk},
        "variant": {"edition_id": edition.pk, "variant_id": a_variant(edition).pk},
        "delivery": {"delivery_id": a_mail(edition).pk},
        **{
            name: {"delivery_id": delivery.pk}
            for name in ("delivery-confirm", "delivery-message", "delivery-resend", "delivery-retry")
        },
        "export-file": {"export_id": an_export().pk},
        "audit-export-file": {"export_id": an_export(kind="audit").pk},
        **{name: {"report_id": report} for name in ("report", "report-evidence")},
        "audit-entry": {"entry_id": audit.record(None, "post.held", post).pk},
        "channel-check": {"channel_id": post.channel_id},
        "delivery-posted": with_a_person,
        "delivery-picture": {**with_a_person, "number": 0},
        "post-hand": {"post_id": handed.pk},
        "post-not-posted": {"post_id": handed.pk},
        "channel-resume": {"channel_id": post.channel_id},
        **{
            f"channel-{page}": {"channel_id": post.channel_id}
            for page in ("edit", "switch", "access", "app", "connect", "disconnect")
        },
        "channel-connecting": {"channel_id": post.channel_id, "connecting_id": 1},
        **{page: {"schedule_id": post.channel.schedule_id} for page in ("schedule", "schedule-delete")},
        **{
            page: {"channel_id": post.channel_id}
            for page in ("template", "template-preview", "template-drafts")
        },
        "template-version": {"channel_id": post.channel_id, "number": 1},
        "mailbox-edit": {"mailbox_id": a_mailbox().pk},
        "mailbox-deed": {"mailbox_id": a_mailbox().pk, "deed": "pause"},
        "mail-key": {"key_id": a_signing_key().pk, "deed": "off"},
        **{name: {"suppression_id": a_suppression().pk} for name in ("suppression", "suppression-lift")},
        "suppression-import-refused": {"import_id": a_suppression_import().pk},
        "suppression-export-file": {"export_id": an_export(kind="suppressions").pk},
        "subscriber-export-file": {"export_id": an_export(kind="subscribers").pk},
        **{f"mail-provider-{deed}": {"door_id": door.pk} for deed in ("secret", "remove")},
        "pause": {"pause_id": (standing := a_pause()).pk},
        "pause-release": {"pause_id": standing.pk},
        **{name: {"post_id": post.pk} for name in ("post-approve", "post-ask-changes", "post-comment")},
        **{name: {"edition_id": edition.pk} for name in ("edition-ask-changes", "edition-comment")},
        **{
            f"edition-tag-{deed}": {"edition_id": edition.pk, "tag_id": tag.pk}
            for deed in ("remove", "clear")
        },
        "item-tag": {"item_id": item.pk},
        **{
            f"item-tag-{deed}": {"item_id": item.pk, "tag_id": tag.pk}
            for deed in ("remove", "clear", "take-back")
        },
        "clearance-tag": {"tag_id": tag.pk},
        "clearance-role": {"group_id": tag.group_id},
        **{name: {"item_id": item.pk} for name in ("correct", "correct-go", "correct-progress")},
        "correct-measure": {"item_id": post.item_id, "post_id": post.pk, "name": "reply"},
        **{
            f"correction-{deed}": {"amendment_id": amendment.pk}
            for deed in ("again", "approve", "call-off", "confirm", "delete-answer")
        },
    }
    arguments |= people_arguments() | webhook_arguments() | audience_arguments()
    found = {name: reverse(f"desk:{name}", kwargs=arguments.get(name)) for name in PAGES}
    return found | {"edition-preview": found["edition-preview"] + "?language=en"}


def audience_arguments() -> dict[str, dict[str, object]]:
    subscription = a_subscriber(a_digest())
    one = {"subscriber_id": subscription.subscriber_id}
    bulk, upload, segment = a_bulk(), an_upload(), a_segment()
    return {
        "subscriber": one,
        **dict.fromkeys(SUBSCRIBER_DEEDS, one),
        "subscriber-choose": one | {"digest_id": subscription.digest_id},
        **{name: {"segment_id": segment.pk} for name in ("segment", "segment-remove")},
        "tag": {"tag_id": a_reader_tag().pk},
        "attribute": {"attribute_id": an_attribute().pk},
        **{name: {"bulk_id": bulk.pk} for name in ("bulk", "bulk-stop", "bulk-undo")},
        **{
            f"import{deed}": {"upload_id": upload.pk}
            for deed in ("", "-check", "-begin", "-withdraw", "-refused")
        },
    }


def webhook_arguments() -> dict[str, dict[str, object]]:
    endpoint = a_webhook()
    message = {"endpoint_id": endpoint.pk, "message_id": a_message(endpoint).pk}
    deeds = ("edit", "switch", "secret", "test", "replay", "remove")
    return {
        "webhook": {"endpoint_id": endpoint.pk},
        **{f"webhook-{deed}": {"endpoint_id": endpoint.pk} for deed in deeds},
        "webhook-message": message,
        "webhook-message-replay": message,
    }


def people_arguments() -> dict[str, dict[str, object]]:
    someone = a_person("petra", ADMIN)
    now = clock.now()
    invited, _link = invitations.invite("otto@example.org", VIEWER, actor=None, by_mail=False, now=now)
    key, _secret = api_keys.make("Robot", ["write"], user=someone, held=[WRITE], expires_at=None, now=now)
    return {
        "invitation": {"token": "x"},
        "reset": {"key": "x", "token": "x"},
        "account-session-end": {"session_id": 1},
        "account-passkey": {"passkey_id": 1},
        "people-invite-again": {"invitation_id": invited.pk},
        "people-withdraw": {"invitation_id": invited.pk},
        "person": {"user_id": someone.pk},
        "person-act": {"user_id": someone.pk, "action": "end-sessions"},
        "api-key-revoke": {"key_id": key.pk},
    }


@contextmanager
def undone() -> Iterator[None]:
    """What a request changes is taken back, so that the next one finds everything as it was."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def ask(client: Client, page: str, address: str) -> HttpResponseBase:
    with undone():
        return client.post(address) if page in POST_ONLY else client.get(address)


def walked(client: Client, addresses: dict[str, str], pages: Iterable[str]) -> dict[str, int]:
    """The status of each page for whoever is logged in."""
    return {page: ask(client, page, addresses[page]).status_code for page in pages}


def test_every_address_of_the_desk_says_who_may_open_it() -> None:
    assert all(isinstance(pattern, URLPattern) for pattern in urlpatterns)
    assert set(ACCESS.values()) <= {ANYONE, *PERMISSIONS}
    assert {name for name, access in ACCESS.items() if access == ANYONE} == OPEN_TO_ALL


def test_nobody_gets_in_without_a_login(addresses: dict[str, str]) -> None:
    login = reverse("desk:login")
    answers = {page: ask(Client(), page, addresses[page]) for page in PAGES}
    wrong = {
        page: answer.status_code
        for page, answer in answers.items()
        if not (
            answer.status_code in (200, 302, 400, 404, 410)
            if ACCESS[page] == ANYONE
            else answer.status_code == 302 and answer["Location"].startswith(login)
        )
    }
    assert wrong == {}


def test_an_account_without_a_role_is_refused(addresses: dict[str, str], outsider: Client) -> None:
    pages = [page for page in PAGES if ACCESS[page] != ANYONE]
    assert walked(outsider, addresses, pages) == dict.fromkeys(pages, 403)


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_each_role_gets_in_where_its_permissions_say(role: Role, addresses: dict[str, str]) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(a_person("somebody", role))
    pages = [page for page in PAGES if ACCESS[page] != ANYONE]
    wrong = {
        page: status
        for page, status in walked(client, addresses, pages).items()
        if status not in ((200, 302, 400, 409, 422) if ACCESS[page] in role.permissions else (403,))
    }
    assert wrong == {}


def test_nothing_is_changed_by_opening_an_address(addresses: dict[str, str], admin_desk: Client) -> None:
    pages = sorted(POST_ONLY)
    assert {page: admin_desk.get(addresses[page]).status_code for page in pages} == dict.fromkeys(pages, 405)


def test_nothing_is_changed_without_the_token_of_the_form(addresses: dict[str, str], editor: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(editor)
    pages = sorted(POST_ONLY)
    assert walked(strict, addresses, pages) == dict.fromkeys(pages, 403)


def test_pages_are_never_kept_by_caches(desk: Client) -> None:
    assert "no-store" in desk.get(reverse("desk:home"))["Cache-Control"]


def test_a_fragment_asked_for_after_logging_out_sends_the_whole_page_to_the_login(
    addresses: dict[str, str],
) -> None:
    response = Client().get(addresses["edition-progress"], headers={"HX-Request": "true"})
    assert (response.status_code, response["HX-Redirect"]) == (401, reverse("desk:login"))
