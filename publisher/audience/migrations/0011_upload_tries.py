from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('audience', '0010_refused_letters'),
    ]

    operations = [
        migrations.AddField(
            model_name='upload',
            name='tries',
            field=models.PositiveSmallIntegerField(db_default=0, default=0, help_text='how often a worker began since a person last asked for it'),
        ),
    ]
