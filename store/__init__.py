"""The store: one statement text for SQLite and PostgreSQL.  The only place with SQL."""
