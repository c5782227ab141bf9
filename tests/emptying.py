"""The database as it was before a test of several connections, which no rollback can undo.

Django's way truncates every table and makes permissions and content types anew: a second for each test. Here only rows that are
there are deleted, and what migrations had written is put back where it changed.
"""

from __future__ import annotations

from django.db import connection

# Triggers and foreign keys are not asked (`replica`): the audit trail refuses what is done here.
PREPARE = """
CREATE SCHEMA tests_base;
DO $$
DECLARE name text; filled boolean;
BEGIN
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
        EXECUTE format('SELECT EXISTS (SELECT 1 FROM public.%1$I)', name) INTO filled;
        IF filled THEN
            EXECUTE format('CREATE TABLE tests_base.%1$I AS TABLE public.%1$I', name);
        END IF;
    END LOOP;
END $$;
CREATE FUNCTION tests_base.empty() RETURNS void LANGUAGE plpgsql AS $$
DECLARE name text; base regclass; other boolean;
BEGIN
    PERFORM set_config('session_replication_role', 'replica', true);
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
        base := to_regclass(format('tests_base.%I', name));
        IF base IS NULL THEN
            EXECUTE format('SELECT EXISTS (SELECT 1 FROM public.%1$I)', name) INTO other;
        ELSE
            EXECUTE format(
                'WITH a AS (SELECT t::text FROM public.%1$I t), b AS (SELECT t::text FROM tests_base.%1$I t) '
                'SELECT EXISTS (TABLE a EXCEPT TABLE b) OR EXISTS (TABLE b EXCEPT TABLE a)', name
            ) INTO other;
        END IF;
        CONTINUE WHEN NOT other;
        EXECUTE format('DELETE FROM public.%1$I', name);
        IF base IS NOT NULL THEN
            EXECUTE format('INSERT INTO public.%1$I SELECT * FROM tests_base.%1$I', name);
        END IF;
    END LOOP;
END $$;
"""


def prepare() -> None:
    """Remember what is there now. Once, when the tests' database has been made."""
    with connection.cursor() as cursor:
        cursor.execute(PREPARE)


def empty(*_test_case: object) -> None:
    """Make it so again."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tests_base.empty()")
