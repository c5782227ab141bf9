"""The table behind Django's cache: codes of the second step that were used once, for every process and host to see."""

from django.core.management import call_command
from django.db import migrations


def make(_apps, schema_editor):
    call_command("createcachetable", "people_used_codes", database=schema_editor.connection.alias, verbosity=0)


class Migration(migrations.Migration):
    dependencies = [("people", "0003_profiles_invitations_letters_keys")]
    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
