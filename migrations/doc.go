// Package migrations holds the schema and opens the database: an SQLite file
// when no URL is given, PostgreSQL otherwise. [Open] returns a database that is
// upgraded and ready; package spaces/store holds the queries.
//
// No goroutine outlives a call. The *dbutil.Database belongs to the caller, who
// closes it.
//
// # Adding a version
//
// Add vNN_subject.sql whose first line is "-- vNN: what it adds", or
// "-- vNN (compatible with vMM+): ..." when a binary that knows only vMM may
// keep running against it (that is what lets a cluster upgrade one process at
// a time). Files are never edited once released, and never squashed: a latest
// schema file beside v1 panics at start.
//
// # Rules
//
// Each was bought by a failure, on SQLite (modernc) or on PostgreSQL (pgx):
//
//   - One set of queries runs on both engines. Not portable, so not used:
//     ::type (write CAST), now(), ILIKE, greatest, FOR UPDATE SKIP LOCKED
//     (claim by UPDATE or DELETE ... RETURNING), VALUES with column aliases.
//     INSERT ... SELECT ... ON CONFLICT needs WHERE true before ON CONFLICT.
//   - SQLite transactions begin immediate. Deferred ones that read and then
//     write fail with "database is locked" in spite of the busy timeout: 347 of
//     400 did with eight writers.
//   - The SQLite options stand in the DSN, because a PRAGMA executed on a pool
//     reaches one connection only. The driver ignores unknown keys silently; a
//     test reads each value back.
//   - A panic inside dbutil's DoTxn never ends the transaction. Use
//     store.Store.Tx.
//   - Two processes that upgrade a database at once fail: dbutil reads the
//     version before its transaction. Open runs the whole upgrade in one
//     transaction, with an advisory lock on PostgreSQL, so no file may carry a
//     "-- transaction:" header.
//   - dbutil looks for its version table by name in any schema, so tests get a
//     database each, not a schema each.
//   - Times are BIGINT milliseconds, always passed from Go.
//   - Except in tables that operators query by the older systems' SQL
//     (created_at > NOW() - INTERVAL '1 hour'): there the column is TIMESTAMPTZ
//     under "-- only: postgres" and TEXT under "-- only: sqlite", and one value
//     serves both: a string of the fixed form 2006-01-02 15:04:05.000000+00:00
//     in UTC, which PostgreSQL reads as an instant and which sorts as one on
//     SQLite. It is scanned back by a type that takes a time.Time or a string.
//     TestStampColumns proves the form. SQLite's own TIMESTAMP type is never
//     used: the driver stores Go's debug text, monotonic clock included.
//   - Lists are passed as one JSON parameter (store's jsonRows helper), never
//     as = ANY($1).
//   - JSON goes in as a string. []byte and json.RawMessage become a BLOB on
//     SQLite. PostgreSQL's jsonb refuses \u0000, so text of other people is
//     kept in TEXT columns.
//   - Scan into typed variables, never into any: booleans, sums and ->> have
//     other types on each engine.
//   - No '$1' inside an SQL literal: it would be rewritten.
//   - LIKE ignores case on SQLite only: compare lower-cased columns.
//   - modernc.org/libc is never bumped alone.
package migrations
