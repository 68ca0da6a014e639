// Package hive checks that somebody speaks for a Hive account: it recovers the
// public key from a signature and asks a Hive node whether that key alone may
// post for the account.
//
// [Recover] and [ParseKey] need nothing but their arguments. [Accounts] asks
// nodes, remembers their answers for a short time and starts no goroutine.
package hive
