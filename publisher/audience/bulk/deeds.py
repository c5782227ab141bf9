"""The SQL of each deed on a batch, and of its undoing. `%(ids)s` are subscribers whose rows are locked.

Every deed marks the rows of the subscribers that it changed (`changed`), with what undoing needs: `mark`, the row that it made,
or `before`. Undoing touches only what is still as the deed left it, and answers a row for each of whom it touched.
"""

from __future__ import annotations

from typing import Final

_MINE: Final = "r.bulk_id = %(bulk)s AND r.subscriber_id = ANY(%(ids)s)"
# The rows that the deed made, as an array: they are then found by their primary key, whatever the planner knows of the table.
_MARKS: Final = f"ANY (ARRAY(SELECT r.mark FROM audience_bulkrow r WHERE {_MINE} AND r.changed))"  # noqa: S608 - text of ours

TAG = f"""
WITH added AS (
    INSERT INTO audience_subscriber_tags (subscriber_id, tag_id)
    SELECT id, %(tag)s FROM unnest(%(ids)s::bigint[]) AS id
    ON CONFLICT DO NOTHING RETURNING id, subscriber_id
)
UPDATE audience_bulkrow r SET changed = true, mark = added.id
FROM added WHERE {_MINE} AND r.subscriber_id = added.subscriber_id
"""  # noqa: S608 - text of ours
UNDO_TAG = f"""
DELETE FROM audience_subscriber_tags t WHERE t.id = {_MARKS} RETURNING t.subscriber_id
"""  # noqa: S608 - text of ours

UNTAG = f"""
WITH gone AS (
    DELETE FROM audience_subscriber_tags WHERE tag_id = %(tag)s AND subscriber_id = ANY(%(ids)s) RETURNING subscriber_id
)
UPDATE audience_bulkrow r SET changed = true FROM gone WHERE {_MINE} AND r.subscriber_id = gone.subscriber_id
"""  # noqa: S608 - text of ours
UNDO_UNTAG = f"""
INSERT INTO audience_subscriber_tags (subscriber_id, tag_id)
SELECT r.subscriber_id, t.id FROM audience_bulkrow r JOIN audience_tag t ON t.id = %(tag)s
WHERE {_MINE} AND r.changed
ON CONFLICT DO NOTHING RETURNING subscriber_id
"""  # noqa: S608 - text of ours

# `value` is JSON, or null: then the attribute is taken away.
SET = f"""
WITH old AS (
    SELECT id, attributes -> %(attribute)s AS before FROM audience_subscriber
    WHERE id = ANY(%(ids)s) AND (attributes -> %(attribute)s) IS DISTINCT FROM %(value)s::jsonb
), written AS (
    UPDATE audience_subscriber s
    SET attributes = CASE WHEN %(value)s::jsonb IS NULL THEN s.attributes - %(attribute)s
                          ELSE s.attributes || jsonb_build_object(%(attribute)s::text, %(value)s::jsonb) END
    FROM old WHERE s.id = old.id
)
UPDATE audience_bulkrow r SET changed = true, before = old.before FROM old WHERE {_MINE} AND r.subscriber_id = old.id
"""  # noqa: S608 - text of ours
UNDO_SET = f"""
UPDATE audience_subscriber s
SET attributes = CASE WHEN r.before IS NULL THEN s.attributes - %(attribute)s
                      ELSE s.attributes || jsonb_build_object(%(attribute)s::text, r.before) END
FROM audience_bulkrow r
WHERE {_MINE} AND r.changed AND s.id = r.subscriber_id
  AND (s.attributes -> %(attribute)s) IS NOT DISTINCT FROM %(value)s::jsonb
RETURNING s.id
"""  # noqa: S608 - text of ours

# `digest` null: all of them. `before` is a list of [subscription, its state].
UNSUBSCRIBE = f"""
WITH old AS MATERIALIZED (
    SELECT id, subscriber_id, digest_id, state FROM audience_subscription
    WHERE subscriber_id = ANY(%(ids)s) AND state IN ('active', 'paused')
      AND (%(digest)s::bigint IS NULL OR digest_id = %(digest)s)
    FOR NO KEY UPDATE
), ended AS (
    UPDATE audience_subscription b SET state = 'ended', ended_at = %(at)s FROM old WHERE b.id = old.id
), proof AS (
    INSERT INTO audience_consent (subscriber_id, digest_id, action, how, page, at)
    SELECT subscriber_id, digest_id, 'withdrawn', %(how)s, '', %(at)s FROM old
)
UPDATE audience_bulkrow r SET changed = true, before = each.list
FROM (SELECT subscriber_id, jsonb_agg(jsonb_build_array(id, state)) AS list FROM old GROUP BY subscriber_id) each
WHERE {_MINE} AND r.subscriber_id = each.subscriber_id
"""  # noqa: S608 - text of ours
# Nothing left that they receive: they have left. `mark`: 1 for one who was active, 2 for one who had to confirm.
LEFT = f"""
WITH gone AS (
    UPDATE audience_bulkrow r SET mark = CASE s.state WHEN 'active' THEN 1 ELSE 2 END
    FROM audience_subscriber s
    WHERE {_MINE} AND r.changed AND s.id = r.subscriber_id AND s.state <> 'left' AND NOT EXISTS (
        SELECT 1 FROM audience_subscription b WHERE b.subscriber_id = s.id AND b.state <> 'ended'
    ) RETURNING r.subscriber_id
)
UPDATE audience_subscriber s SET state = 'left' FROM gone WHERE s.id = gone.subscriber_id
"""  # noqa: S608 - text of ours
# Who is marked as having left was so by this deed or by one for another digest (`mark`): by their own wish they would be `kept`.
# Nobody comes back whom a later bulk action was to unsubscribe, too: it found them ended, and its reason still holds.
UNDO_UNSUBSCRIBE = f"""
WITH again AS (
    UPDATE audience_subscription b SET state = each.was ->> 1, ended_at = NULL
    FROM audience_bulkrow r CROSS JOIN LATERAL jsonb_array_elements(r.before) AS each (was)
    WHERE {_MINE} AND r.changed AND NOT r.kept AND b.id = (each.was ->> 0)::bigint AND b.state = 'ended' AND b.ended_at = %(at)s
      AND NOT EXISTS (
          SELECT 1 FROM audience_bulkrow l JOIN audience_bulk later ON later.id = l.bulk_id
          WHERE l.subscriber_id = r.subscriber_id AND later.id > %(bulk)s AND later.action = 'unsubscribe'
            AND later.state IN ('running', 'done', 'stopped') AND l.subscriber_id <= later.cursor
            AND COALESCE((later.given ->> 'digest')::bigint, b.digest_id) = b.digest_id
      )
    RETURNING b.subscriber_id, b.digest_id
), proof AS (
    INSERT INTO audience_consent (subscriber_id, digest_id, action, how, page, at)
    SELECT subscriber_id, digest_id, 'given', %(undoing)s, '', %(now)s FROM again
), back AS (
    UPDATE audience_subscriber s SET state = CASE COALESCE(r.mark, (
        SELECT max(o.mark) FROM audience_bulkrow o JOIN audience_bulk b ON b.id = o.bulk_id AND b.action = 'unsubscribe'
        WHERE o.subscriber_id = r.subscriber_id
    )) WHEN 2 THEN 'pending' ELSE 'active' END
    FROM audience_bulkrow r
    WHERE {_MINE} AND s.id = r.subscriber_id AND s.state = 'left' AND s.id IN (SELECT subscriber_id FROM again)
)
SELECT DISTINCT subscriber_id FROM again
"""  # noqa: S608 - text of ours

# Whoever has, or ever had, the digest stays as they are, and so does who must not be written to.
SUBSCRIBE = f"""
WITH added AS (
    INSERT INTO audience_subscription (subscriber_id, digest_id, selection_id, state, since)
    SELECT s.id, %(digest)s, %(selection)s, 'active', %(at)s FROM audience_subscriber s
    WHERE s.id = ANY(%(ids)s) AND s.state = 'active' AND NOT EXISTS (
        SELECT 1 FROM audience_suppression p WHERE p.email_key = s.email_key AND (p.until IS NULL OR p.until > %(now)s)
    )
    ON CONFLICT (digest_id, subscriber_id) DO NOTHING RETURNING id, subscriber_id
), proof AS (
    INSERT INTO audience_consent (subscriber_id, digest_id, action, how, page, at)
    SELECT subscriber_id, %(digest)s, 'confirmed', %(how)s, '', %(at)s FROM added
)
UPDATE audience_bulkrow r SET changed = true, mark = added.id
FROM added WHERE {_MINE} AND r.subscriber_id = added.subscriber_id
"""  # noqa: S608 - text of ours
UNDO_SUBSCRIBE = f"""
WITH gone AS (
    DELETE FROM audience_subscription b
    WHERE b.id = {_MARKS} AND b.state = 'active' AND b.selection_id = %(selection)s AND b.since = %(at)s
    RETURNING b.subscriber_id, b.digest_id
), proof AS (
    INSERT INTO audience_consent (subscriber_id, digest_id, action, how, page, at)
    SELECT subscriber_id, digest_id, 'withdrawn', %(undoing)s, '', %(now)s FROM gone
)
SELECT subscriber_id FROM gone
"""  # noqa: S608 - text of ours

# An entry whose time is over counts for nothing, and is written anew.
SUPPRESS = f"""
WITH added AS (
    INSERT INTO audience_suppression (email_key, reason, evidence, at)
    SELECT email_key, 'staff', %(how)s, %(at)s FROM audience_subscriber WHERE id = ANY(%(ids)s) ORDER BY email_key
    ON CONFLICT (email_key) DO UPDATE
    SET reason = excluded.reason, evidence = excluded.evidence, at = excluded.at, until = NULL
    WHERE audience_suppression.until <= %(now)s
    RETURNING id, email_key
)
UPDATE audience_bulkrow r SET changed = true, mark = added.id
FROM added JOIN audience_subscriber s ON s.email_key = added.email_key
WHERE {_MINE} AND r.subscriber_id = s.id
"""  # noqa: S608 - text of ours
UNDO_SUPPRESS = f"""
DELETE FROM audience_suppression p
WHERE p.id = {_MARKS} AND p.reason = 'staff' AND p.at = %(at)s AND p.until IS NULL RETURNING p.id
"""  # noqa: S608 - text of ours
