from django.db import migrations, models
import django.db.models.deletion


class Migration(migrations.Migration):

    dependencies = [
        ('digests', '0014_edition_dropped'),
    ]

    operations = [
        migrations.AddField(
            model_name='digest',
            name='segment',
            field=models.BigIntegerField(blank=True, help_text='id; of its subscribers only those in it get an edition; empty: all', null=True),
        ),
        migrations.AddField(
            model_name='edition',
            name='readers',
            field=models.JSONField(blank=True, help_text='what was asked of the segment, and how many were in it (readers.py)', null=True),
        ),
        migrations.AddField(
            model_name='edition',
            name='segment',
            field=models.BigIntegerField(blank=True, help_text='id; only subscribers in it get it. It stays when the segment is gone: then it does not go out', null=True),
        ),
        migrations.CreateModel(
            name='EditionReader',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('subscriber_id', models.BigIntegerField()),
                ('edition', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, to='digests.edition')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('edition', 'subscriber_id'), name='edition_reader_once')],
            },
        ),
    ]
