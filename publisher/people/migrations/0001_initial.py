"""The permissions, and the role `editor` for everybody who could do all that staff could before there were roles."""

from django.db import migrations, models


def staff_become_editors(apps, _schema_editor):
    users, groups = apps.get_model("auth", "User"), apps.get_model("auth", "Group")
    editors, _made = groups.objects.get_or_create(name="editor")
    for user in users.objects.filter(is_staff=True, is_superuser=False):
        user.groups.add(editors)


class Migration(migrations.Migration):
    initial = True
    dependencies = [("auth", "0012_alter_user_first_name_max_length")]
    operations = [
        migrations.CreateModel(
            name="Access",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"))
            ],
            options={
                "managed": False,
                "default_permissions": (),
                "permissions": [
                    ("see_desk", "see_desk"),
                    ("write", "write"),
                    ("publish", "publish"),
                    ("stop", "stop"),
                    ("see_addresses", "see_addresses"),
                    ("design", "design"),
                    ("set_up", "set_up"),
                    ("manage_people", "manage_people"),
                    ("integrate", "integrate"),
                    ("see_audit", "see_audit"),
                    ("see_system", "see_system"),
                ],
            },
        ),
        migrations.RunPython(staff_become_editors, migrations.RunPython.noop),
    ]
