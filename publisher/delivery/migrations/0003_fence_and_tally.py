"""The sequence of fences, and the triggers that keep the tally of deliveries exact.

The triggers run once a statement over its transition tables: a bulk insert of a million rows adds a handful of rows.
"""

from django.db import migrations

CREATE = """
CREATE SEQUENCE delivery_fence;

CREATE FUNCTION delivery_tally_insert() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO delivery_tally (edition_id, channel_id, state, n)
    SELECT edition_id, channel_id, state, count(*) FROM added GROUP BY edition_id, channel_id, state;
    RETURN NULL;
END $$;

CREATE FUNCTION delivery_tally_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO delivery_tally (edition_id, channel_id, state, n)
    SELECT edition_id, channel_id, state, sum(n) FROM (
        SELECT edition_id, channel_id, state, -1 AS n FROM before
        UNION ALL
        SELECT edition_id, channel_id, state, 1 AS n FROM after
    ) AS changes
    GROUP BY edition_id, channel_id, state HAVING sum(n) <> 0;
    RETURN NULL;
END $$;

CREATE TRIGGER delivery_tally_insert AFTER INSERT ON delivery_delivery
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION delivery_tally_insert();
CREATE TRIGGER delivery_tally_update AFTER UPDATE ON delivery_delivery
    REFERENCING OLD TABLE AS before NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION delivery_tally_update();
"""

DROP = """
DROP TRIGGER delivery_tally_insert ON delivery_delivery;
DROP TRIGGER delivery_tally_update ON delivery_delivery;
DROP FUNCTION delivery_tally_insert();
DROP FUNCTION delivery_tally_update();
DROP SEQUENCE delivery_fence;
"""


class Migration(migrations.Migration):
    dependencies = [("delivery", "0002_initial")]
    operations = [migrations.RunSQL(CREATE, DROP)]
