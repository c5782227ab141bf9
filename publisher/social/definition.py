"""What a channel may be, field by field: the same for the file of `publisher apply`, the desk's form and the API.

Only what can be said of a value by itself is here; what the database knows (schedules, topics, owners) is in `setting_up.py`.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from publisher.items.kinds import KindName
from publisher.review.models import MOST_APPROVALS
from publisher.social.links import UtmRule
from publisher.social.threads import MOST_MESSAGES


class Part(BaseModel):
    """A part of a description: a key that is not known is a mistake."""

    model_config = ConfigDict(extra="forbid")


class ChannelIn(Part):
    """A channel as people describe it. `model_fields_set` are the fields they named: only those are changed."""

    name: str = Field(max_length=80)
    network: str = ""
    schedule: str = ""
    language: str = Field("en", max_length=35)
    region: str = Field("", max_length=10)
    kinds: list[KindName] = Field(default_factory=list)
    topics: list[str] = Field(default_factory=list)
    template: str = ""
    hashtags: int | None = Field(None, ge=0, le=10)
    thread_messages: int = Field(1, ge=1, le=MOST_MESSAGES)
    thread_numbers: bool = True
    utm: UtmRule | None = None
    month_budget: Decimal | None = Field(None, ge=0, le=1_000_000, decimal_places=2)
    auto_approve: bool = False
    approvals: int = Field(0, ge=0, le=MOST_APPROVALS)
    alt_required: bool = True
    picture_required: bool = False
    tolerance_minutes: int = Field(360, ge=1, le=7 * 24 * 60)
    max_age_days: int = Field(30, ge=1, le=3_650)
    enabled: bool = True
    owner: str = Field("", max_length=254)
    settings: dict[str, Any] = Field(default_factory=dict)
    credentials: dict[str, Any] | None = None
