"""PostgreSQL and Valkey out of wheels, run as our own child processes on one data folder.

`addresses` computes where they answer, `postgres` and `valkey` start and stop one server each, `running`
decides who runs them when several commands use the same data folder. Nothing here is used when the settings
name servers of their own.
"""
