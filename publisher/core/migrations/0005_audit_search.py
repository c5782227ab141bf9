"""The trail is looked through by who and by deed; and its database refuses to empty it at a stroke, too."""

from django.db import migrations, models

REFUSE = """
CREATE TRIGGER core_auditentry_no_truncate BEFORE TRUNCATE ON core_auditentry
    FOR EACH STATEMENT EXECUTE FUNCTION core_refuse_change();
"""
ALLOW = "DROP TRIGGER core_auditentry_no_truncate ON core_auditentry"


class Migration(migrations.Migration):
    dependencies = [("core", "0004_pause")]
    operations = [
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(fields=["actor_name", "-id"], name="audit_actor"),
        ),
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(fields=["action", "-id"], name="audit_action"),
        ),
        migrations.RunSQL(REFUSE, ALLOW),
    ]
