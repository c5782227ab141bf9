"""The last number that an edition of a digest was given, so that none is given twice when editions are removed."""

from django.db import migrations, models


FILL = """
UPDATE digests_digest d SET last_number = e.newest
FROM (SELECT digest_id, max(number) AS newest FROM digests_edition GROUP BY digest_id) e
WHERE e.digest_id = d.id AND e.newest IS NOT NULL
"""


class Migration(migrations.Migration):

    dependencies = [
        ('digests', '0007_waves_and_layouts'),
    ]

    operations = [
        migrations.AddField(
            model_name='digest',
            name='last_number',
            field=models.PositiveIntegerField(db_default=0, default=0, help_text='of the edition that was numbered last'),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
