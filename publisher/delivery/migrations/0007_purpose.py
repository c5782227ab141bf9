"""Tests and copies for the office beside what readers get: not in an edition's tally, which now counts by wave as well.
One index and three checks a row fewer.
"""

import django.db.models.deletion
from django.db import migrations, models


# As in 0003, but that of an edition only what goes to readers is counted; the rest is in the totals over everything.
OF_READERS = """
CREATE OR REPLACE FUNCTION delivery_tally_insert() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO delivery_tally (edition_id, channel_id, wave_at, state, n)
    SELECT CASE WHEN purpose = 'reader' THEN edition_id END, channel_id, wave_at, state, count(*)
    FROM added GROUP BY 1, 2, 3, 4;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION delivery_tally_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO delivery_tally (edition_id, channel_id, wave_at, state, n)
    SELECT CASE WHEN purpose = 'reader' THEN edition_id END, channel_id, wave_at, state, sum(n) FROM (
        SELECT edition_id, channel_id, wave_at, purpose, state, -1 AS n FROM before
        UNION ALL
        SELECT edition_id, channel_id, wave_at, purpose, state, 1 AS n FROM after
    ) AS changes
    GROUP BY 1, 2, 3, 4 HAVING sum(n) <> 0;
    RETURN NULL;
END $$;
"""

OF_ALL = """
CREATE OR REPLACE FUNCTION delivery_tally_insert() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO delivery_tally (edition_id, channel_id, state, n)
    SELECT edition_id, channel_id, state, count(*) FROM added GROUP BY edition_id, channel_id, state;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION delivery_tally_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO delivery_tally (edition_id, channel_id, state, n)
    SELECT edition_id, channel_id, state, sum(n) FROM (
        SELECT edition_id, channel_id, state, -1 AS n FROM before
        UNION ALL
        SELECT edition_id, channel_id, state, 1 AS n FROM after
    ) AS changes
    GROUP BY edition_id, channel_id, state HAVING sum(n) <> 0;
    RETURN NULL;
END $$;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('audience', '0001_initial'),
        ('delivery', '0006_signing_key'),
        ('digests', '0007_waves_and_layouts'),
        ('social', '0002_channel_age_and_revision'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='delivery',
            name='delivery_once_per_subscriber',
        ),
        migrations.RemoveIndex(
            model_name='delivery',
            name='delivery_subscriber',
        ),
        migrations.AddField(
            model_name='delivery',
            name='purpose',
            field=models.CharField(choices=[('reader', 'To a reader'), ('seed', 'A copy for the office'), ('test', 'A test')], db_default='reader', default='reader', max_length=6),
        ),
        migrations.AddField(
            model_name='delivery',
            name='wave_at',
            field=models.DateTimeField(help_text='of an edition that goes by local time: when it was to reach this reader', null=True),
        ),
        migrations.AddField(
            model_name='tally',
            name='wave_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AlterField(
            model_name='delivery',
            name='edition',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, to='digests.edition'),
        ),
        migrations.AlterField(
            model_name='delivery',
            name='prepared',
            field=models.JSONField(help_text="a post's exact payload, stored before the socket opens; of a test, whose name it bears", null=True),
        ),
        migrations.AlterField(
            model_name='delivery',
            name='subscriber',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, to='audience.subscriber'),
        ),
        migrations.AlterField(
            model_name='delivery',
            name='variant',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, to='digests.variant'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(condition=models.Q(('purpose', 'reader'), _negated=True), fields=['edition', 'id'], name='delivery_copies'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(condition=models.Q(('purpose', 'test'), ('state', 'queued')), fields=['edition', 'due_at', 'id'], name='delivery_tests'),
        ),
        migrations.AddConstraint(
            model_name='delivery',
            constraint=models.UniqueConstraint(condition=models.Q(('subscriber__isnull', False)), fields=('subscriber', 'edition'), name='delivery_once_per_subscriber'),
        ),
        migrations.AddConstraint(
            model_name='delivery',
            constraint=models.UniqueConstraint(condition=models.Q(('purpose', 'seed')), fields=('edition', 'address', 'idempotency_key'), name='delivery_once_per_seed'),
        ),
        migrations.RunSQL(OF_READERS, OF_ALL),
    ]
