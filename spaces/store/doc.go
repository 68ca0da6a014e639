// Package store holds what must survive a restart: links, microDAO members,
// what the sync loop remembers, the daemon's Matrix session, logins with
// their challenges and revocations, one-time tickets. One file per table group, hand-written SQL, the same queries on
// SQLite and PostgreSQL. The schema and the rules for writing queries are in
// package migrations.
//
// A [Store] starts no goroutine and holds no state beside the database handle,
// so any number of goroutines and processes may use it at once. It has no
// clock: every time comes from the caller.
//
// Errors are *spaces.Error when the caller's input or the state of the tables
// is at fault, and wrapped driver errors otherwise. No query argument is ever
// logged or put into an error: tokens are among them.
package store
