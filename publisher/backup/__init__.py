"""Backups of the database in one file, and restores from it that send nothing by surprise.

`making` writes a file and `restoring` puts one in place; `archive` is the file's form, `manifest` what it says of itself;
`programs` runs pg_dump and pg_restore; `server` creates and swaps databases; `aftermath` is what a restored database is
told; `facts` are the few figures by which a person knows a database. Called by `publisher backup` and `restore`.
"""
