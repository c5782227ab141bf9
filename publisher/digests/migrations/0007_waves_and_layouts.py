"""Waves by local time, layouts, priorities, seeds; how many readers a variant has; the map of selections without its checks."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


# Of editions that are assembled and not sent yet.
COUNT = """
UPDATE digests_variant v SET selections = m.n
FROM (SELECT variant_id, count(*) AS n FROM digests_editionselection GROUP BY variant_id) m
WHERE v.id = m.variant_id
"""


class Migration(migrations.Migration):

    dependencies = [
        ('digests', '0006_send_window'),
    ]

    operations = [
        migrations.AddField(
            model_name='digest',
            name='layout',
            field=models.CharField(choices=[('digest', 'A digest of several items, every week'), ('alert', 'An alert about one item, when a person makes it')], default='digest', max_length=6),
        ),
        migrations.AddField(
            model_name='digest',
            name='local_time',
            field=models.BooleanField(default=False, help_text='each reader gets it when it is `at` in their own time zone'),
        ),
        migrations.AddField(
            model_name='digest',
            name='priority',
            field=models.SmallIntegerField(default=0, help_text='of its editions; higher is sent first'),
        ),
        migrations.AddField(
            model_name='digest',
            name='seeds',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=320), blank=True, default=list, help_text='addresses that get a copy of every edition, before its readers', size=None),
        ),
        migrations.AddField(
            model_name='edition',
            name='item_ids',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), blank=True, default=list, help_text='chosen by a person: just these; empty: what its window holds', size=None),
        ),
        migrations.AddField(
            model_name='edition',
            name='local_day',
            field=models.DateField(blank=True, help_text='readers get it on this day by their own clocks; empty: all at once', null=True),
        ),
        migrations.AddField(
            model_name='edition',
            name='local_at',
            field=models.TimeField(blank=True, help_text='and at this time of it', null=True),
        ),
        migrations.AddField(
            model_name='variant',
            name='recipients',
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name='variant',
            name='selections',
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.RunSQL(COUNT, migrations.RunSQL.noop),
        migrations.AlterField(
            model_name='editionselection',
            name='edition',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, to='digests.edition'),
        ),
        migrations.AlterField(
            model_name='editionselection',
            name='variant',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, to='digests.variant'),
        ),
    ]
