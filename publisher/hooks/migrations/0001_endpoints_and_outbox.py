"""Endpoints, the outbox of changes and the messages made of them; and the triggers that fill the outbox.

As those of the tally, the triggers run once a statement over its transition tables: sends change deliveries by raw SQL, up to a
million at once. Each asks first, in the small table of what is wanted, whether anybody listens. Old and new rows are paired by
sorting, not by a join: a plan is kept for the session, and one that was made for a single row would take a million pair by pair.
"""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import publisher.core.crypto
from django.conf import settings
from django.db import migrations, models


TABLES = {
    # table: (kind, what the change says beside its states, on which events)
    "delivery_delivery": ("delivery", ["purpose", "edition_id", "post_id", "subscriber_id", "channel_id"], ["INSERT", "UPDATE"]),
    "social_post": ("post", ["id AS post_id", "channel_id"], ["INSERT", "UPDATE"]),
    "digests_edition": ("edition", ["id AS edition_id", "digest_id"], ["INSERT", "UPDATE"]),
    "audience_subscriber": ("subscriber", ["id AS subscriber_id"], ["INSERT", "UPDATE", "DELETE"]),
    "audience_subscription": ("subscription", ["subscriber_id", "digest_id"], ["INSERT", "UPDATE"]),
}

FUNCTION = """
CREATE FUNCTION hooks_{kind}_{event}() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    wanted varchar[];
BEGIN
    SELECT array_agg(state) INTO wanted FROM hooks_wanted WHERE kind = '{kind}';
    IF wanted IS NULL THEN
        RETURN NULL;
    END IF;
    {write}
    RETURN NULL;
END $$;
CREATE TRIGGER hooks_{kind}_{event} AFTER {upper} ON {table}
    REFERENCING {referencing} FOR EACH STATEMENT EXECUTE FUNCTION hooks_{kind}_{event}();
"""

ONE_SIDE = """INSERT INTO hooks_change (kind, object_id, old_state, new_state, at, {names})
    SELECT '{kind}', id, {old}, {new}, statement_timestamp(), {columns} FROM {rows}
    WHERE '*' = ANY(wanted) OR {new} = ANY(wanted)
    ORDER BY id;"""

BOTH_SIDES = """IF NOT EXISTS (SELECT 1 FROM after WHERE '*' = ANY(wanted) OR state = ANY(wanted)) THEN
        RETURN NULL;
    END IF;
    INSERT INTO hooks_change (kind, object_id, old_state, new_state, at, {names})
    SELECT '{kind}', object_id, old_state, state, statement_timestamp(), {names} FROM (
        SELECT object_id, state, side, {names}, lag(state) OVER (PARTITION BY object_id ORDER BY side) AS old_state FROM (
            SELECT id AS object_id, state, 0 AS side, {columns} FROM before
            UNION ALL
            SELECT id, state, 1, {columns} FROM after
        ) AS both_sides
    ) AS changed
    WHERE side = 1 AND old_state <> state AND ('*' = ANY(wanted) OR state = ANY(wanted))
    ORDER BY object_id;"""

REFERENCING = {
    "INSERT": "NEW TABLE AS after",
    "UPDATE": "OLD TABLE AS before NEW TABLE AS after",
    "DELETE": "OLD TABLE AS before",
}


def _create():
    statements = []
    for table, (kind, columns, on) in TABLES.items():
        given = {
            "kind": kind,
            "names": ", ".join(column.split()[-1] for column in columns),
            "columns": ", ".join(columns),
        }
        write = {
            "INSERT": ONE_SIDE.format(old="''", new="state", rows="after", **given),
            "UPDATE": BOTH_SIDES.format(**given),
            "DELETE": ONE_SIDE.format(old="state", new="'deleted'", rows="before", **given),
        }
        statements += [
            FUNCTION.format(kind=kind, event=event.lower(), upper=event, table=table, referencing=REFERENCING[event], write=write[event])
            for event in on
        ]
    return "".join(statements)


def _drop():
    return "".join(
        f"DROP TRIGGER hooks_{kind}_{event.lower()} ON {table}; DROP FUNCTION hooks_{kind}_{event.lower()}();\n"
        for table, (kind, _columns, on) in TABLES.items()
        for event in on
    )


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('audience', '0001_initial'),
        ('delivery', '0013_log_and_exports'),
        ('digests', '0010_digest_version_and_own_texts'),
        ('social', '0012_connecting_and_template_versions'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Change',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=12)),
                ('object_id', models.BigIntegerField()),
                ('old_state', models.CharField(max_length=12)),
                ('new_state', models.CharField(max_length=12)),
                ('at', models.DateTimeField()),
                ('purpose', models.CharField(help_text='of deliveries', max_length=6, null=True)),
                ('edition_id', models.BigIntegerField(null=True)),
                ('post_id', models.BigIntegerField(null=True)),
                ('subscriber_id', models.BigIntegerField(null=True)),
                ('channel_id', models.BigIntegerField(null=True)),
                ('digest_id', models.BigIntegerField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='Endpoint',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100)),
                ('url', models.CharField(max_length=2000)),
                ('secrets', publisher.core.crypto.EncryptedJSONField()),
                ('old_secret_until', models.DateTimeField(null=True)),
                ('events', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), size=None)),
                ('channel_ids', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), default=list, size=None)),
                ('digest_ids', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), default=list, size=None)),
                ('batched', models.BooleanField(default=False, help_text='changes of deliveries come up to a hundred at once')),
                ('with_addresses', models.BooleanField(default=False, help_text='while its owner may read them')),
                ('active', models.BooleanField(default=True)),
                ('off_reason', models.TextField(blank=True, help_text='why Publisher switched it off by itself')),
                ('off_at', models.DateTimeField(null=True)),
                ('failures', models.PositiveIntegerField(default=0)),
                ('failing_since', models.DateTimeField(null=True)),
                ('rests_until', models.DateTimeField(null=True)),
                ('version', models.PositiveIntegerField(default=1)),
                ('created_at', models.DateTimeField()),
                ('removed_at', models.DateTimeField(null=True)),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['name', 'id'],
            },
        ),
        migrations.CreateModel(
            name='Message',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=40)),
                ('type', models.CharField(max_length=40)),
                ('changes', models.JSONField()),
                ('count', models.PositiveSmallIntegerField(default=1)),
                ('state', models.CharField(choices=[('queued', 'Waiting'), ('sending', 'Being sent'), ('sent', 'Taken'), ('failed', 'Given up')], default='queued', max_length=8)),
                ('due_at', models.DateTimeField()),
                ('lease_until', models.DateTimeField(null=True)),
                ('fence', models.PositiveIntegerField(default=0)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('status', models.PositiveSmallIntegerField(help_text='of the last answer', null=True)),
                ('reason', models.TextField(blank=True)),
                ('created_at', models.DateTimeField()),
                ('begun_at', models.DateTimeField()),
                ('settled_at', models.DateTimeField(null=True)),
                ('endpoint', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='messages', to='hooks.endpoint')),
            ],
        ),
        migrations.CreateModel(
            name='Try',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('ms', models.PositiveIntegerField()),
                ('status', models.PositiveSmallIntegerField(null=True)),
                ('answer', models.TextField(blank=True)),
                ('error', models.TextField(blank=True)),
                ('message', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='tries', to='hooks.message')),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='Wanted',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=12)),
                ('state', models.CharField(max_length=12)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('kind', 'state'), name='wanted_once')],
            },
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(condition=models.Q(('state', 'queued')), fields=['endpoint', 'due_at', 'id'], name='hook_queue'),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(condition=models.Q(('state', 'sending')), fields=['endpoint', 'lease_until'], name='hook_leases'),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(fields=['endpoint', '-id'], name='hook_log'),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(fields=['endpoint', 'state', '-id'], name='hook_log_state'),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(fields=['endpoint', 'type', '-id'], name='hook_log_type'),
        ),
        migrations.AddIndex(
            model_name='message',
            index=django.contrib.postgres.indexes.BrinIndex(fields=['created_at'], name='hook_created'),
        ),
        migrations.RunSQL(_create(), _drop()),
    ]
