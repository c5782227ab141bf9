"""The log finds the beginning of an address whatever its capitals: (lower(address), newest first)."""

from django.db import migrations

CREATE = "CREATE INDEX delivery_address_folded ON delivery_delivery (lower(address) text_pattern_ops, id DESC)"
DROP = "DROP INDEX delivery_address_folded"


class Migration(migrations.Migration):
    dependencies = [("delivery", "0003_fence_and_tally")]
    operations = [
        migrations.RemoveIndex(model_name="delivery", name="delivery_address"),
        migrations.RunSQL(CREATE, DROP),
    ]
