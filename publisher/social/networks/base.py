"""What a network is to Publisher. Read this to add one; `docs/networks.md` has the steps. Nothing here knows a network by name.

A folder brings an object with these names. One that can only be measured yet satisfies `Measuring`, one that sends, `Network`,
one whose posts a person publishes, `ByHand`; with both, `publish` lays a draft into the account for the person.
Errors are those of `publisher.core.errors`, and mean for a network:

    Retry(after)   certainly not published; the same may work later. `after` when the network named a wait: its channel waits
    Rejected       certainly not published, and the same never will be
    Unknown        the request went out and no clear answer came: it may be published. Never sent again before `reconcile`
    ChannelDown    nothing works on this account until a person repairs it: the channel is paused with the reason
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, Protocol, TypeVar, runtime_checkable

from publisher.core.errors import OtherSideError
from publisher.core.marking import gettext_noop
from publisher.render.measure import Measure
from publisher.social.networks.answer import Answer
from publisher.social.networks.preview import Preview

__all__ = [
    "Ability",
    "Account",
    "Answer",
    "ByHand",
    "CannotTell",
    "Card",
    "Copy",
    "Differing",
    "Explaining",
    "Grade",
    "Handout",
    "Measure",
    "Measuring",
    "Network",
    "NotFound",
    "Outgoing",
    "Pace",
    "Part",
    "Picture",
    "PictureLimits",
    "Prepared",
    "Preview",
    "Previewing",
    "Priced",
    "Receipt",
    "Standing",
    "Threading",
]

Rules = TypeVar("Rules")

PUBLISH_WITHIN = timedelta(seconds=60)
"""How long `publish` may take, all its requests together: longer, and another worker may take the post for abandoned."""

LONGEST_URL = 2000


class Grade(Enum):
    """How surely a post appears once, when an answer was lost. The value is what staff read."""

    GUARANTEED = gettext_noop("Guaranteed: the network knows a repeated post by its key.")
    WITHIN_A_WINDOW = gettext_noop(
        "For a while: the network knows a repeated post by its key for a limited time, then we look."
    )
    BY_LOOKING = gettext_noop("By looking: the account's posts are searched before anything is repeated.")
    BY_A_PERSON = gettext_noop("By a person: the network cannot tell, so staff decide.")
    BY_HAND = gettext_noop("By hand: a person publishes each post, and says where it is.")


@dataclass(frozen=True)
class Account:
    """A channel as its network sees it. `settings` holds what the network's folder documents; credentials are never shown."""

    channel_id: int
    name: str
    credentials: Mapping[str, Any] = field(default_factory=dict, repr=False)
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Picture:
    """A picture of a message. `digest` names its bytes (`social.media.store`), which `social.media.fitting` makes what a
    network takes. `alt` says what it shows. `focus`: the point that no crop may lose, as Mastodon counts it: (x, y) from -1 to
    1, (0, 0) the middle, up and right positive."""

    digest: str
    alt: str = ""
    focus: tuple[float, float] | None = None


@dataclass(frozen=True)
class Card:
    """What a network may show of the page behind the link. `picture` is the one at `image_url`, if it lies in the store: nothing
    is fetched while a post is sent."""

    title: str
    summary: str = ""
    image_url: str = ""
    image_alt: str = ""
    picture: Picture | None = None


@dataclass(frozen=True)
class PictureLimits:
    """What a network takes: `most` pictures in a message, each of at most `max_bytes` (an animated GIF `max_gif_bytes`, 0: the
    same), `max_side` pixels and `max_pixels` in all (0: any), of `types` such as image/jpeg, with `alt` characters of text."""

    most: int
    max_bytes: int
    max_side: int = 4096
    max_pixels: int = 0
    types: frozenset[str] = frozenset({"image/jpeg", "image/png"})
    max_gif_bytes: int = 0
    alt: int = 1000

    @property
    def fingerprint(self) -> str:
        """A short name of these limits, the same in every process: what fits under it fits again."""
        fields = [sorted(value) if isinstance(value, frozenset) else value for value in astuple(self)]
        return hashlib.sha256(repr(fields).encode()).hexdigest()[:16]


class Ability(Enum):
    """What can be done with a published message."""

    EDIT = "edit"
    RETRACT = "delete"
    REPLY = "reply"


@dataclass(frozen=True)
class Part:
    """One message. `text` is final; `number` counts from 0, of `of` in the thread. `language` is BCP 47. `warning` is shown
    before the content where a network can do so. A thread's pictures, card and link belong to its first message."""

    text: str
    link: str = ""
    language: str = "en"
    card: Card | None = None
    number: int = 0
    of: int = 1
    pictures: tuple[Picture, ...] = ()
    warning: str = ""


@dataclass(frozen=True)
class Outgoing:
    """A post as it leaves: its parts in order. One delivery each."""

    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Prepared:
    """The exact message, stored before any socket opens and the same in every try.

    `payload` survives JSON. `idempotency_key` is ours, new for each message, at most 64 ASCII characters.
    """

    payload: Mapping[str, Any]
    idempotency_key: str


@dataclass(frozen=True)
class Pace:
    """A rate limit as an answer tells it: `remaining` requests (of `limit`; 0: not told) until it is renewed, `renewed_in`
    from now. With none remaining the channel waits so long."""

    remaining: int
    renewed_in: timedelta
    limit: int = 0


@dataclass(frozen=True)
class Receipt:
    """Proof of publication. `remote_id` holds all that `edit`, `retract` and a following part need (≤ 300 characters). `url` is a
    link for staff: what is no address of the web is left out. `pace`: where the network says with its answer how much more it
    takes."""

    remote_id: str
    url: str = ""
    pace: Pace | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        if not self.url.startswith(("https://", "http://")) or len(self.url) > LONGEST_URL:
            object.__setattr__(self, "url", "")


@dataclass(frozen=True)
class NotFound:
    """Certainly not published: it may be sent again."""


@dataclass(frozen=True)
class CannotTell:
    """Nobody can say. The post stays `unknown`; `reason` tells a person what to look at."""

    reason: str


@dataclass(frozen=True)
class Standing:
    """What a network says of an account whose credentials are good: its `name` there; `limits` by the names that the channel's
    settings have for them, where the server tells them; when the credentials end (aware), where that is known."""

    name: str
    limits: Mapping[str, Any] = field(default_factory=dict)
    credentials_end_at: datetime | None = None


@dataclass(frozen=True)
class Copy:
    """A text to be copied into a field of the network's page, which calls it `label`. `html`, where the field takes formatted
    text, is the same as HTML that is safe to show: the network's folder made it of escaped text."""

    label: str
    text: str
    html: str = ""


@dataclass(frozen=True)
class Handout:
    """What a person needs to publish a message: the texts, the pictures in order, what to do step by step, the `start` page
    (an https address). Published messages have addresses on one of `hosts` or below it."""

    copies: tuple[Copy, ...]
    steps: tuple[str, ...]
    start: str
    hosts: tuple[str, ...]
    pictures: tuple[Picture, ...] = ()


class Measuring(Protocol[Rules]):
    """A network for which posts can be drafted and measured."""

    @property
    def name(self) -> str:
        """What is stored with channels and names the folders: lower-case letters, digits, underscore."""

    @property
    def label(self) -> str:
        """What staff read: “Mastodon”."""

    def rules(self, account: Account) -> Rules:
        """The limits of this account, from its settings. Never asks the network: drafting must not wait for it."""

    def measure(self, text: str, rules: Rules) -> Measure:
        """How long `text` is by the network's own count, and whether it fits. Pure."""


@runtime_checkable
class Network(Measuring[Rules], Protocol[Rules]):
    """A network that can be published to. All methods may be called from several processes at once."""

    @property
    def grade(self) -> Grade:
        """How surely a post appears once."""

    @property
    def abilities(self) -> frozenset[Ability]:
        """What can be done with a message after it was published."""

    def pictures(self, account: Account) -> PictureLimits | None:
        """What pictures this account may show, from its settings; None: none. Never asks the network."""

    @property
    def settles_within(self) -> timedelta:
        """After this long, a request that nobody answered no longer takes effect: `reconcile` is not called before."""

    def prepare(self, part: Part, account: Account, key: str) -> Prepared:
        """The exact payload. Pure. Raises `Rejected` for what the network is sure to refuse."""

    def publish(self, account: Account, prepared: Prepared, before: Sequence[Receipt] = ()) -> Receipt:
        """Send it, once: no retry and no waiting for rate limits in here. `before` are the receipts of a thread's earlier parts.

        Raises `Retry`, `Rejected`, `Unknown`, `ChannelDown`. Returns or raises within `PUBLISH_WITHIN`.
        """

    def reconcile(
        self, account: Account, prepared: Prepared, *, since: timedelta
    ) -> Receipt | NotFound | CannotTell:
        """Was it published? `since` is the time since the first try. Raises `Retry` or `ChannelDown` when nobody can be asked."""

    def edit(self, account: Account, remote_id: str, prepared: Prepared) -> Receipt:
        """Replace a published message. Raises as `publish`; `Rejected` where the network has no editing."""

    def retract(self, account: Account, remote_id: str) -> None:
        """Delete a published message; one that is gone already is no error. Raises as `publish`."""

    def verify_credentials(self, account: Account) -> Standing:
        """Ask whether the account may publish. Raises `ChannelDown` with what to repair, or `Retry`: nobody could be asked."""

    def classify(self, account: Account, answer: Answer, *, now: datetime) -> OtherSideError | None:
        """What an HTTP answer to a request that publishes means; None for success. Pure. `now` (aware) is for waits that the
        network names by the clock. `publish`, `edit` and `retract` raise what this gives."""


@runtime_checkable
class Threading(Protocol):
    """Of a network on which some accounts take threads and others none. Without it, a network takes them that can `REPLY`."""

    def threads(self, account: Account) -> bool:
        """Whether this account takes posts of several messages, from its settings. Never asks the network."""


@runtime_checkable
class Differing(Protocol):
    """Of a network whose accounts differ in what can be done with a published message. Without it, all have its `abilities`."""

    def abilities_of(self, account: Account) -> frozenset[Ability]:
        """What can be done on this account, from its settings. Never asks the network."""


@runtime_checkable
class Previewing(Protocol):
    """Of a network that says how its posts look (`preview.py`). Without it, a post is shown plainly, with a large card."""

    def preview(self, account: Account) -> Preview:
        """The look of this account's posts, from its settings. Never asks the network."""


@runtime_checkable
class Explaining(Protocol):
    """Of a network that has no editing for a reason that staff should know."""

    @property
    def why_no_edit(self) -> str:
        """A sentence for staff."""


@runtime_checkable
class Carding(Protocol):
    """Of a network that is given the card below a post (`Part.card`): the item's title, summary and picture are part of what is
    published, and so of what is approved."""

    @property
    def shows_card(self) -> bool:
        """Whether it shows one."""


@runtime_checkable
class Priced(Protocol):
    """Of a network that takes money for a message. Channels on it may have a budget for the month."""

    @property
    def currency(self) -> str:
        """Of its prices, ISO 4217: “USD”."""

    def price(self, part: Part, account: Account) -> Decimal:
        """What publishing this message costs, from the account's settings. Pure. Raises `Rejected` for a setting that is no
        amount."""


@runtime_checkable
class ByHand(Measuring[Rules], Protocol[Rules]):
    """A network whose posts a person publishes: at its slot a post is handed to staff, who say at which address it stands."""

    def pictures(self, account: Account) -> PictureLimits | None:
        """As for `Network`: the person downloads them fitted to this."""

    def prepare(self, part: Part, account: Account, key: str) -> Prepared:
        """What is handed over, stored from then on. Pure. Raises `Rejected` for what the network is sure to refuse."""

    def lays_drafts(self, account: Account) -> bool:
        """Whether `publish` is to lay a draft into this account before the person is asked. True only if it is a `Network` too;
        then `Unknown`, `reconcile` and the grade are about that draft."""

    def handout(self, prepared: Prepared, *, draft: bool) -> Handout:
        """What the person is shown. `draft`: one lies in the account. Pure."""
