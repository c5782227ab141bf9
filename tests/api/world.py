"""One of everything, so that every address of the API leads somewhere."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from datetime import timedelta

from publisher.audience.importing import keeping
from publisher.audience.models import Suppression, SuppressionImport
from publisher.core import clock
from publisher.people import invitations
from publisher.people.models import ApiKey
from publisher.people.permissions import VIEWER
from publisher.retention.models import Run
from publisher.social.models import TemplateVersion
from tests.api.steps import a_secret, an_owner
from tests.builders import NOON, a_channel, a_digest, a_subscriber, a_topic, an_item
from tests.desk.audience_builders import a_bulk, a_reader_tag, a_segment, an_attribute, an_upload
from tests.desk.builders import (
    a_handed_post,
    a_mail,
    a_mailbox,
    a_message,
    a_pause,
    a_post,
    a_post_delivery,
    a_rejection,
    a_signing_key,
    a_variant,
    a_webhook,
    an_amendment,
    an_attempt,
    an_edition,
)
from tests.review.steps import a_tag


@dataclass(frozen=True)
class World:
    """The values of path parameters, by name."""

    ids: dict[str, str]

    def path(self, declared: str) -> str:
        """`/posts/{int:post_id}` with the id of a post that exists."""
        return re.sub(r"{(?:\w+:)?(\w+)}", lambda found: self.ids[found[1]], declared)


def a_world() -> World:
    item, topic = an_item(), a_topic()
    digest = a_digest(slug="weekly")
    subscription = a_subscriber(digest, "reader@example.net", name="Ilse")
    edition = an_edition(digest, items=[item])
    variant = a_variant(edition)
    mail = a_mail(
        edition,
        "reader@example.net",
        subscriber=subscription.subscriber,
        state="unknown",
        reason="No word of reader@example.net.",
    )
    an_attempt(mail, text="<reader@example.net> ok")
    post = a_post(item)
    TemplateVersion.objects.create(channel=post.channel, number=1, text="{{ link }}\n", by="mira", at=NOON)
    tag = a_tag()
    invitation, _link = invitations.invite(
        "chen@office.example.org", VIEWER, actor=an_owner(), by_mail=True, now=clock.now()
    )
    sent = a_post(channel=a_channel(), state="sent", sent_at=NOON)
    a_post_delivery(sent, state="sent", remote_id="1")
    amendment = an_amendment(sent)
    a_handed_post()
    a_rejection()
    pause = a_pause()
    suppression = Suppression.objects.create(
        email_key="gone@example.net", reason="staff", evidence="A letter", at=clock.now() - timedelta(days=1)
    )
    a_secret("see_desk", name="another")
    webhook = a_webhook()
    return World(
        {
            "item_id": str(item.pk),
            "topic": topic.slug,
            "post_id": str(post.pk),
            "number": "0",
            "correction_id": str(amendment.pk),
            "edition_id": str(edition.pk),
            "variant_id": str(variant.pk),
            "slug": digest.slug,
            "channel_id": str(post.channel_id),
            "version_number": "1",
            "tag_id": str(tag.pk),
            "role_id": str(tag.group_id),
            "person_id": str(an_owner("otto", VIEWER).pk),
            "invitation_id": str(invitation.pk),
            "signing_key_id": str(a_signing_key().pk),
            "mailbox_id": str(a_mailbox().pk),
            "schedule_id": str(post.channel.schedule_id),
            "delivery_id": str(mail.pk),
            "subscriber_id": str(subscription.subscriber_id),
            "suppression_id": str(suppression.pk),
            "pause_id": str(pause.pk),
            "webhook_id": str(webhook.pk),
            "message_id": str(a_message(webhook).pk),
            "segment_id": str(a_segment().pk),
            "reader_tag_id": str(a_reader_tag("Press").pk),
            "attribute_id": str(an_attribute("city").pk),
            "bulk_id": str(a_bulk().pk),
            "import_id": str(_an_import()),
            "suppression_import_id": str(_a_list()),
            "run_id": str(Run.objects.create(by="system", begun_at=NOON).pk),
            "key_id": str(ApiKey.objects.get(name="another").pk),
        }
    )


def _an_import() -> int:
    """A list that was tried, with a row that was refused."""
    upload = an_upload(state="checked", refused_held=True)
    keeping.put(upload.key, keeping.REFUSED, [b"line,reason,Mail\r\n7,There is no address.,\r\n"])
    return upload.pk


def _a_list() -> int:
    """A list of suppressions that was brought in, with a row that was refused."""
    rows = zlib.compress(b"line,reason why,email\r\n3,nobody is not a mail address.,nobody\r\n")
    done = SuppressionImport.objects.create(
        name="old.csv", by_name="mira", at=NOON, read=1, refused=1, refused_rows=rows
    )
    return done.pk
