from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('audience', '0009_answered_already'),
    ]

    operations = [
        migrations.AddField(
            model_name='readerletter',
            name='code',
            field=models.PositiveSmallIntegerField(blank=True, help_text='of the answer that ended it; empty: no server refused it', null=True),
        ),
        migrations.AddField(
            model_name='readerletter',
            name='enhanced',
            field=models.CharField(blank=True, db_default='', max_length=12),
        ),
        migrations.AddField(
            model_name='readerletter',
            name='said',
            field=models.TextField(blank=True, db_default='', help_text="that server's own words"),
        ),
        migrations.AddIndex(
            model_name='readerletter',
            index=models.Index(condition=models.Q(('code__isnull', False), ('state', 'failed')), fields=['settled_at'], name='reader_letter_refused'),
        ),
    ]
