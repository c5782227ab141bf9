from django.db import migrations, models

FIELDS = ("organisation", "postal_address")


def column(name, type_, using):
    return f"ALTER TABLE digests_digest ALTER COLUMN {name} TYPE {type_} USING {using}"


class Migration(migrations.Migration):

    dependencies = [
        ("digests", "0003_edition_withdrawn"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    column(name, "jsonb", f"to_jsonb({name})"),
                    column(name, "text", f"coalesce({name} #>> '{{}}', '')"),
                )
                for name in FIELDS
            ],
            state_operations=[
                migrations.AlterField(
                    "digest",
                    name,
                    models.JSONField(default=str, blank=True, help_text="one text, or texts by language"),
                )
                for name in FIELDS
            ],
        )
    ]
