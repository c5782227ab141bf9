from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("items", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="source",
            name="entries_hash",
            field=models.BinaryField(
                blank=True,
                help_text="SHA-256 of what the feed held when last read",
                max_length=32,
                null=True,
            ),
        ),
    ]
