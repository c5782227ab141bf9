"""What producers give us: sources, items with their revisions and topics, and what was refused."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from publisher.core.crypto import EncryptedJSONField
from publisher.items.languages import primary


class Kind(models.TextChoices):
    STORY = "story", _("Story")
    PRESS_RELEASE = "press_release", _("Press release")
    SPEECH = "speech", _("Speech")
    VIDEO = "video", _("Video")
    PUBLICATION = "publication", _("Publication")
    EVENT = "event", _("Event")
    PODCAST = "podcast", _("Podcast")
    OTHER = "other", _("Other")


class Origin(models.TextChoices):
    """By which of the four ways an entry came in."""

    STREAM = "stream", _("Stream")
    API = "api", _("API")
    FEED = "feed", _("Feed")
    PAGE = "page", _("Listing page")


class Source(models.Model):
    """A producer of items. `name` is what producers write; a source nobody configured is made on its first entry."""

    name = models.CharField(max_length=200, unique=True)
    label = models.CharField(max_length=120, blank=True)
    language = models.CharField(max_length=35, default="en", help_text="BCP 47, for entries that name none")
    country = models.CharField(
        max_length=10,
        blank=True,
        default="",
        db_default="",
        help_text="whose office it is: for pauses by country",
    )
    api_key_fingerprint = models.BinaryField(max_length=32, null=True, blank=True, unique=True)
    feed_url = models.URLField(max_length=2000, blank=True)
    poll_every_minutes = models.PositiveIntegerField(default=15)
    next_poll_at = models.DateTimeField(null=True, blank=True)
    etag = models.CharField(max_length=500, blank=True)
    last_modified = models.CharField(max_length=100, blank=True)
    entries_hash = models.BinaryField(
        max_length=32, null=True, blank=True, help_text="SHA-256 of what the feed held when last read"
    )
    last_error = models.TextField(blank=True)
    failures = models.PositiveIntegerField(default=0)
    credentials = EncryptedJSONField(null=True, blank=True)
    enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["next_poll_at"],
                name="source_polls",
                condition=models.Q(enabled=True, next_poll_at__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return self.label or self.name


class Topic(models.Model):
    """A goal, agency or subject that items are about. Kept in step with `config/topics.yaml`."""

    slug = models.SlugField(max_length=60, unique=True)
    kind = models.CharField(max_length=20)
    name_en = models.CharField(max_length=120)
    name_zh = models.CharField(max_length=120)
    names = models.JSONField(
        default=dict,
        db_default=models.Value({}, models.JSONField()),
        blank=True,
        help_text="in the other languages of readers, by language",
    )
    tag_en = models.CharField(max_length=60, blank=True)
    tag_zh = models.CharField(max_length=60, blank=True)
    color = models.CharField(max_length=7, blank=True)
    position = models.PositiveIntegerField(default=0)
    retired = models.BooleanField(default=False)

    class Meta:
        ordering: ClassVar = ["position"]

    def __str__(self) -> str:
        return self.name_en

    @property
    def name(self) -> str:
        """In the language of the desk."""
        return self.named_in(get_language() or "")[0]

    def named_in(self, language: str) -> tuple[str, str]:
        """What it is called in a language (BCP 47), and which language that is: English where it has no other name."""
        code = primary(language)
        name = self.name_zh if code == "zh" else self.names.get(code, "")
        return (name, code) if name else (self.name_en, "en")


class Item(models.Model):
    """Something published: the newest revision of it. Earlier ones are `Revision` rows.

    Its address is unique over all sources: what arrives by feed and by API too is one item, kept by its first source.
    """

    source = models.ForeignKey(Source, on_delete=models.PROTECT)
    producer_id = models.CharField(max_length=500)
    url = models.URLField(max_length=2000, blank=True)
    url_key = models.CharField(
        max_length=2000, blank=True, help_text="the address without tracking parameters"
    )
    kind = models.CharField(max_length=20, choices=Kind.choices)
    language = models.CharField(max_length=35)
    title = models.CharField(max_length=500)
    summary = models.TextField(blank=True)
    body_html = models.TextField(blank=True)
    body_text = models.TextField(blank=True)
    published_at = models.DateTimeField()
    embargo_until = models.DateTimeField(null=True, blank=True)
    image_url = models.URLField(max_length=2000, blank=True)
    image_alt = models.CharField(max_length=1000, blank=True)
    agencies = ArrayField(models.CharField(max_length=120), default=list, blank=True)
    authors = ArrayField(models.CharField(max_length=200), default=list, blank=True)
    links = models.JSONField(default=dict, help_text="{region: address} for readers there")
    contact = models.TextField(blank=True)
    notes = models.TextField(blank=True)
    attribution = models.TextField(blank=True)
    translation_of = models.CharField(
        max_length=500, blank=True, help_text="the producer's id of the original"
    )
    original = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="translations"
    )
    topics: models.ManyToManyField[Topic, ItemTopic] = models.ManyToManyField(Topic, through="ItemTopic")
    content_hash = models.BinaryField(max_length=32)
    revision = models.PositiveIntegerField(default=1)
    origin = models.CharField(max_length=10, choices=Origin.choices)
    first_received_at = models.DateTimeField()
    received_at = models.DateTimeField()
    retracted_at = models.DateTimeField(null=True, blank=True)
    retraction_reason = models.TextField(blank=True)
    drafted_revision = models.PositiveIntegerField(
        default=0, help_text="the revision that the editorial stage has dealt with"
    )
    searched_revision = models.PositiveIntegerField(
        default=0, db_default=0, help_text="the revision by whose words it is found"
    )
    event_time = models.DateTimeField(
        null=True, blank=True, help_text="the latest `time` of an event about it: older events change nothing"
    )
    event_time_said = models.DateTimeField(
        null=True, blank=True, help_text="the same as it was said; `event_time` is never ahead of its receipt"
    )
    trace_id = models.CharField(max_length=32)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["source", "producer_id"], name="item_once_per_producer_id"),
            models.UniqueConstraint(
                fields=["url_key"], name="item_once_per_url", condition=~models.Q(url_key="")
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["-published_at", "-id"], name="item_published"),
            models.Index(
                fields=["-id"],
                name="item_undrafted",
                condition=models.Q(drafted_revision__lt=models.F("revision")),
            ),
            models.Index(
                fields=["-id"],
                name="item_unsearched",
                condition=models.Q(searched_revision__lt=models.F("revision")),
            ),
            models.Index(
                fields=["source", "translation_of"],
                name="item_translation",
                condition=~models.Q(translation_of=""),
            ),
            models.Index(fields=["first_received_at"], name="item_first_received"),
        ]

    def __str__(self) -> str:
        return self.title


class ItemSearch(models.Model):
    """What an item is found by (`search/`), made by a sweep from the item's `searched_revision`."""

    item = models.OneToOneField(Item, on_delete=models.CASCADE, primary_key=True, related_name="search")
    vector = SearchVectorField()

    class Meta:
        indexes: ClassVar = [GinIndex(fields=["vector"], name="item_search")]


class Revision(models.Model):
    """One state of an item, as accepted: the cleaned content, what changed against the one before, and its entry."""

    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="revisions")
    number = models.PositiveIntegerField()
    content = models.JSONField()
    changed = ArrayField(models.CharField(max_length=40), default=list)
    content_hash = models.BinaryField(max_length=32)
    entry_id = models.CharField(max_length=60, blank=True)
    received_at = models.DateTimeField()
    trace_id = models.CharField(max_length=32)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["item", "number"], name="revision_once"),
        ]


class OtherName(models.Model):
    """A second id of an item: one its own source used for the same address, or one under which another source had it."""

    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="other_names")
    source = models.ForeignKey(Source, on_delete=models.CASCADE)
    producer_id = models.CharField(max_length=500)
    own_id_heard = models.BooleanField(
        default=False, help_text="the item's own id came again since, so the two are not one item renumbered"
    )
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["source", "producer_id"], name="other_name_once")
        ]

    def __str__(self) -> str:
        return self.producer_id


class EarlyRetraction(models.Model):
    """A retraction that came before its item. What comes later and says that it is older stays taken back."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE)
    name = models.CharField(max_length=2000, help_text="the producer's id, or the key of the address")
    reason = models.TextField(blank=True)
    event_time = models.DateTimeField(null=True, blank=True)
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["source", "name"], name="early_retraction_once")
        ]
        indexes: ClassVar = [models.Index(fields=["at"], name="early_retraction_at")]


class SeenEvent(models.Model):
    """A CloudEvent that was dealt with, so that the same one handed in again changes nothing."""

    key = models.BinaryField(
        max_length=32, unique=True, help_text="SHA-256 of source, id, type, time and data"
    )
    at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["at"], name="seen_event_at")]


class StoredEntry(models.Model):
    """An entry of the stream that was stored and may not be acknowledged yet: a few hundred rows at most."""

    entry_id = models.CharField(max_length=60, unique=True)


class ItemTopic(models.Model):
    """A topic of an item: suggested by rules (with the matching words), given by the producer, or decided by staff."""

    class State(models.TextChoices):
        SUGGESTED = "suggested", _("Suggested")
        ACCEPTED = "accepted", _("Accepted")
        DECLINED = "declined", _("Declined")

    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="item_topics")
    topic = models.ForeignKey(Topic, on_delete=models.CASCADE)
    state = models.CharField(max_length=10, choices=State.choices)
    words = ArrayField(models.CharField(max_length=80), default=list)
    score = models.FloatField(default=0)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["item", "topic"], name="item_topic_once")]


class Rejection(models.Model):
    """An entry that was refused, kept whole (up to 64 KiB) with a reason its producer can act on."""

    source_name = models.CharField(max_length=200, blank=True)
    origin = models.CharField(max_length=10, choices=Origin.choices)
    entry_id = models.CharField(max_length=60, blank=True)
    code = models.CharField(max_length=40)
    reason = models.TextField()
    hint = models.TextField(blank=True)
    fields = models.JSONField(default=list)
    payload = models.BinaryField()
    payload_size = models.PositiveIntegerField()
    digest = models.BinaryField(
        max_length=32, help_text="SHA-256 of origin, source and payload: the same thing is kept once"
    )
    times = models.PositiveIntegerField(default=1)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    trace_id = models.CharField(max_length=32)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["digest"], name="rejection_once")]
        indexes: ClassVar = [models.Index(fields=["-last_at", "-id"], name="rejection_last")]


class Submission(models.Model):
    """An `Idempotency-Key` that a producer used at the API: the same key with the same body is the same entry."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE)
    key = models.CharField(max_length=255)
    body_hash = models.BinaryField(max_length=32)
    entry_id = models.CharField(max_length=60, blank=True)
    trace_id = models.CharField(max_length=32)
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["source", "key"], name="submission_once")]
        indexes: ClassVar = [models.Index(fields=["at"], name="submission_at")]
