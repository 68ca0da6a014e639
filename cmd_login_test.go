package main

import (
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"presence/migrations"
	"presence/spaces/store"
)

// TestLoginCommands: an operator sees who is logged in and ends it.
func TestLoginCommands(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db, err := migrations.Open(t.Context(), "", dir, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}()
	s, now := store.New(db), time.Now()
	for _, l := range []store.Login{{ID: "one", Subject: "hive:alice"}, {ID: "two", Subject: "hive:alice"}, {ID: "three", Subject: "matrix:@bob:example.org"}} {
		l.Method, l.Created, l.Expires, l.Rotated = "hive", now, now.Add(time.Hour), now
		if err := s.AddLogin(t.Context(), l); err != nil {
			t.Fatal(err)
		}
	}
	data := "--data=" + dir
	says := func(want string, args ...string) {
		t.Helper()
		if text := output(t, append(args, data)...); !strings.Contains(text, want) {
			t.Errorf("presence %s says %q, want %q in it", strings.Join(args, " "), text, want)
		}
	}
	says("three  matrix:@bob:example.org  hive", "login", "list")
	says("Ended logins of hive:alice: 2", "login", "revoke", "hive:alice", "--reason=stolen phone")
	says("Nobody is logged in", "login", "list", "hive:alice")
	says("Ended logins of three: 1", "login", "revoke", "three")
	says("Ended logins of guest:x: 1", "login", "revoke", "guest:x")
	says("Ended logins of guest:x: 0", "login", "revoke", "guest:x")
	if err := run(t.Context(), []string{"login", "revoke", "hive:alice", data}, io.Discard, io.Discard); err == nil || !strings.Contains(err.Error(), "has no login") {
		t.Errorf("got %v", err)
	}
	var hints strings.Builder
	if err := run(t.Context(), []string{"login", "revoke", "bob", data}, io.Discard, &hints); err != nil || !strings.Contains(hints.String(), "write hive:bob or matrix:@bob:server") {
		t.Errorf("a name taken for the id of a login: %v, %q", err, hints.String())
	}
	revoked, err := s.Revoked(t.Context(), now.Add(time.Hour))
	if err != nil || len(revoked) != 5 {
		t.Errorf("gateways are told of %v, %v", revoked, err)
	}
}
