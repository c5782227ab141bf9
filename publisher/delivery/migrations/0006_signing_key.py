"""DKIM keys of sending domains."""

import publisher.core.crypto
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('delivery', '0005_held'),
    ]

    operations = [
        migrations.CreateModel(
            name='SigningKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('domain', models.CharField(max_length=253)),
                ('selector', models.CharField(max_length=63)),
                ('private_key', publisher.core.crypto.EncryptedJSONField()),
                ('active', models.BooleanField(default=False, help_text='mail of the domain is signed with it')),
                ('created_at', models.DateTimeField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('domain', 'selector'), name='signing_key_once'), models.UniqueConstraint(condition=models.Q(('active', True)), fields=('domain',), name='signing_key_one_is_on')],
            },
        ),
    ]
