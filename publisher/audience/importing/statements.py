"""The SQL of an import, in the order in which `loading.py` runs it for each chunk. `import_…` are temporary tables.

No statement makes a subscription active that somebody ended, or writes to a person who left.
"""

from __future__ import annotations

# `before` is the selection that somebody has and that may change; 0 for a new subscription.
TABLES = """
CREATE TEMPORARY TABLE import_verdict (
    line bigint, first bigint, verdict text, subscriber_id bigint, before bigint, differs boolean,
    email text, email_key text, name text, zone text, given text, how text, since timestamptz,
    extra jsonb
);
CREATE TEMPORARY TABLE import_choice (
    given text, before bigint, written text, key bytea, differs boolean, selection_id bigint
)
"""

# Foreign keys are checked at each statement's end, not from a list of all at the commit. Compiling expressions (JIT) costs more
# than they do.
BEGIN = "SET CONSTRAINTS ALL IMMEDIATE; SET LOCAL jit = off"
CLEAR = "TRUNCATE import_verdict"
COUNT_CHOICES = "SELECT count(*) FROM import_choice"
CLEAR_CHOICES = "TRUNCATE import_choice"

# LATERAL with LIMIT keeps to one look-up by index for each row and table: a chunk costs the same however many subscribers
# there are. New people get their id here, so that what is written next needs no look-up. `differs`: name, zone or attributes.
JUDGE = """
INSERT INTO import_verdict
SELECT r.line, r.first,
       CASE WHEN r.first <> r.line THEN 'duplicate'
            WHEN e.id IS NOT NULL THEN 'erased'
            WHEN p.id IS NOT NULL THEN 'suppressed'
            WHEN s.state = 'left' OR b.state = 'ended' THEN 'left'
            WHEN b.id IS NOT NULL THEN 'unchanged'
            WHEN s.id IS NOT NULL THEN 'subscribed'
            ELSE 'added' END,
       CASE WHEN s.id IS NOT NULL THEN s.id
            WHEN r.first = r.line AND p.id IS NULL AND e.id IS NULL AND NOT %(dry)s
            THEN nextval('audience_subscriber_id_seq') END,
       CASE WHEN b.id IS NULL THEN 0 ELSE b.selection_id END,
       %(update)s AND ((r.name <> '' AND r.name <> s.name) OR (r.zone <> '' AND r.zone <> s.zone)
                       OR NOT s.attributes @> COALESCE(r.extra -> 'attributes', '{}')),
       r.email, r.email_key, r.name, r.zone, r.given, COALESCE(r.how, %(consent)s), COALESCE(r.since, %(now)s), r.extra
FROM import_sorted r
LEFT JOIN LATERAL (
    SELECT id, state, name, zone, attributes FROM audience_subscriber WHERE email_key = r.email_key LIMIT 1
) s ON true
LEFT JOIN LATERAL (
    SELECT id, state, selection_id FROM audience_subscription
    WHERE digest_id = %(digest)s AND subscriber_id = s.id LIMIT 1
) b ON true
LEFT JOIN LATERAL (
    SELECT id FROM audience_suppression
    WHERE email_key = r.email_key AND (until IS NULL OR until > %(now)s) LIMIT 1
) p ON true
LEFT JOIN LATERAL (
    SELECT id FROM audience_erased
    WHERE %(salt)s::bytea IS NOT NULL AND hash = sha256(%(salt)s::bytea || convert_to(r.email_key, 'UTF8')) LIMIT 1
) e ON true
WHERE r.n > %(after)s AND r.n <= %(to)s
ORDER BY r.n
"""

# Known people who are about to be subscribed are held until the chunk is committed, and looked at again: whoever left in
# this moment stays away.
HOLD = """
WITH held AS (
    SELECT id, state FROM audience_subscriber
    WHERE id IN (SELECT subscriber_id FROM import_verdict WHERE verdict = 'subscribed')
    ORDER BY id FOR NO KEY UPDATE
)
UPDATE import_verdict v SET verdict = 'left' FROM held WHERE held.id = v.subscriber_id AND held.state = 'left'
"""

# Each thing said, and each selection that it may change, once in an import: what was not said is taken from the selection
# before, else it is everything. `written` is the form that `choices.py` gives a choice, and `key` its hash.
NOTE_CHOICES = """
INSERT INTO import_choice (given, before, written, key, differs)
SELECT d.given, d.before, w.written, k.key, d.before <> 0 AND k.key <> s.key
FROM (SELECT DISTINCT given, before FROM import_verdict
      WHERE verdict IN ('added', 'subscribed') OR (%(update)s AND verdict = 'unchanged')) d
LEFT JOIN audience_selection s ON s.id = d.before
CROSS JOIN LATERAL (SELECT d.given::json AS said) g
CROSS JOIN LATERAL (SELECT concat(
    '[', COALESCE(NULLIF((g.said -> 0)::text, 'null'), array_to_json(s.topics)::text, '[]'),
    ',', COALESCE(NULLIF((g.said -> 1)::text, 'null'), array_to_json(s.kinds)::text, '[]'),
    ',', COALESCE(NULLIF((g.said -> 2)::text, 'null'), to_json(s.language)::text, to_json(%(language)s::text)::text),
    ',', COALESCE(NULLIF((g.said -> 3)::text, 'null'), to_json(s.region)::text, '""'), ']') AS written) w
CROSS JOIN LATERAL (SELECT sha256(convert_to(w.written, 'UTF8')) AS key) k
WHERE NOT EXISTS (SELECT 1 FROM import_choice c WHERE c.given = d.given AND c.before = d.before)
"""

# In the order of the keys, so that two who add the same do not wait for each other in a circle. Arrays of ids and of names of
# kinds are written alike in JSON and SQL, but for the brackets.
ADD_SELECTIONS = """
INSERT INTO audience_selection (key, topics, kinds, language, region)
SELECT DISTINCT ON (c.key) c.key, translate(w.choice ->> 0, '[]', '{}')::bigint[],
       translate(w.choice ->> 1, '[]', '{}')::varchar[], w.choice ->> 2, w.choice ->> 3
FROM import_choice c CROSS JOIN LATERAL (SELECT c.written::json AS choice) w
WHERE c.selection_id IS NULL
ORDER BY c.key
ON CONFLICT (key) DO NOTHING
"""

FIND_SELECTIONS = """
UPDATE import_choice c SET selection_id = s.id
FROM audience_selection s WHERE c.selection_id IS NULL AND s.key = c.key
"""

FIND_UPDATES = """
UPDATE import_verdict v SET verdict = 'updated'
FROM import_choice c
WHERE v.verdict = 'unchanged' AND c.given = v.given AND c.before = v.before AND (c.differs OR v.differs)
"""

COUNT = "SELECT verdict, count(*) FROM import_verdict GROUP BY verdict"

SHOW_PASSED_OVER = """
SELECT line, verdict, first FROM import_verdict
WHERE verdict IN ('duplicate', 'left', 'suppressed', 'erased') ORDER BY line LIMIT %(most)s
"""

# A plain INSERT: somebody who signs up in this very moment makes it fail, and the chunk is judged again. ON CONFLICT costs
# a tenth more on each of a million rows.
ADD_SUBSCRIBERS = """
INSERT INTO audience_subscriber (id, email, email_key, name, state, zone, attributes, created_at)
SELECT subscriber_id, email, email_key, name, 'active', zone, COALESCE(extra -> 'attributes', '{}'), %(now)s
FROM import_verdict WHERE verdict = 'added'
"""

ACTIVATE = """
UPDATE audience_subscriber s SET state = 'active'
FROM import_verdict v WHERE v.verdict = 'subscribed' AND s.id = v.subscriber_id AND s.state = 'pending'
"""

ADD_SUBSCRIPTIONS = """
INSERT INTO audience_subscription (subscriber_id, digest_id, selection_id, state, since)
SELECT v.subscriber_id, %(digest)s, c.selection_id, 'active', v.since
FROM import_verdict v JOIN import_choice c ON c.given = v.given AND c.before = v.before
WHERE v.verdict IN ('added', 'subscribed')
ORDER BY v.subscriber_id
"""

ADD_CONSENTS = """
INSERT INTO audience_consent (subscriber_id, digest_id, action, how, at)
SELECT subscriber_id, %(digest)s, 'confirmed', how, since FROM import_verdict WHERE verdict IN ('added', 'subscribed')
"""

# What somebody chose themselves since the chunk was judged stays: `before` must still be theirs.
CHANGE_CHOICES = """
WITH changed AS (
    UPDATE audience_subscription b SET selection_id = c.selection_id
    FROM import_verdict v JOIN import_choice c ON c.given = v.given AND c.before = v.before AND c.differs
    WHERE v.verdict = 'updated' AND b.digest_id = %(digest)s AND b.subscriber_id = v.subscriber_id
      AND b.selection_id = v.before AND b.state IN ('active', 'paused')
    RETURNING b.subscriber_id, v.how, v.since
)
INSERT INTO audience_consent (subscriber_id, digest_id, action, how, at)
SELECT subscriber_id, %(digest)s, 'given', how, since FROM changed
"""

CHANGE_PEOPLE = """
UPDATE audience_subscriber s
SET name = CASE WHEN v.name <> '' THEN v.name ELSE s.name END, zone = CASE WHEN v.zone <> '' THEN v.zone ELSE s.zone END,
    attributes = s.attributes || COALESCE(v.extra -> 'attributes', '{}')
FROM import_verdict v
WHERE v.verdict IN ('updated', 'subscribed') AND v.differs AND s.id = v.subscriber_id
"""

# Tags of the file's own column: for new people, and for known ones where the file goes before what is there.
MAKE_TAGS = """
INSERT INTO audience_tag (name, key, created_at)
SELECT DISTINCT ON (each.tag ->> 1) each.tag ->> 0, each.tag ->> 1, %(now)s
FROM import_verdict v CROSS JOIN LATERAL jsonb_array_elements(v.extra -> 'tags') AS each (tag)
WHERE v.verdict = 'added' OR (%(update)s AND v.verdict IN ('subscribed', 'updated', 'unchanged'))
ORDER BY each.tag ->> 1
ON CONFLICT (key) DO NOTHING
"""
ADD_TAGS = """
INSERT INTO audience_subscriber_tags (subscriber_id, tag_id)
SELECT DISTINCT v.subscriber_id, t.id
FROM import_verdict v CROSS JOIN LATERAL jsonb_array_elements(v.extra -> 'tags') AS each (tag)
JOIN audience_tag t ON t.key = each.tag ->> 1
WHERE v.verdict = 'added' OR (%(update)s AND v.verdict IN ('subscribed', 'updated', 'unchanged'))
ON CONFLICT DO NOTHING
"""

# The tag that a person gave to the whole file: on everybody in it who receives the digest.
TAG_ALL = """
INSERT INTO audience_subscriber_tags (subscriber_id, tag_id)
SELECT subscriber_id, %(tag)s FROM import_verdict
WHERE verdict IN ('added', 'subscribed', 'updated', 'unchanged')
ON CONFLICT DO NOTHING
"""
