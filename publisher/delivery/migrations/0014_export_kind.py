"""An export is of the delivery log or of the audit trail."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('delivery', '0013_log_and_exports'),
    ]

    operations = [
        migrations.AddField(
            model_name='export',
            name='kind',
            field=models.CharField(choices=[('deliveries', 'Delivery log'), ('audit', 'Audit trail')], db_default='deliveries', default='deliveries', max_length=12),
        ),
    ]
