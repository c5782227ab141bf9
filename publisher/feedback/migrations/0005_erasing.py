"""Erasing finds what came back about a reader, and the retention the messages that are still kept, without reading the table."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("feedback", "0004_mailboxes")]

    operations: ClassVar = [
        migrations.AddIndex(
            model_name="report",
            index=models.Index(
                fields=["subscriber_id"],
                name="report_of_subscriber",
                condition=models.Q(subscriber_id__isnull=False),
            ),
        ),
        migrations.AddIndex(
            model_name="report",
            index=models.Index(
                fields=["received_at"],
                name="report_message_age",
                condition=models.Q(evidence__isnull=False),
            ),
        ),
    ]
