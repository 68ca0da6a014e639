package main

import (
	"bytes"
	"io"
	"log/slog"
	"strings"
	"testing"

	"presence/migrations"
	"presence/spaces"
	"presence/spaces/store"
)

// TestTokensAreAudited: a token that an operator makes is in the audit log where
// there is one, and the operator is told when it is not.
func TestTokensAreAudited(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	hint := func(args ...string) string {
		t.Helper()
		var hints bytes.Buffer
		if err := run(t.Context(), append([]string{"token", "root", "--admin", "--data=" + dir}, args...), io.Discard, &hints); err != nil {
			t.Fatal(err)
		}
		return hints.String()
	}
	for _, said := range []string{hint(), hint("--database=postgres://user:hidden@127.0.0.1:1/none")} {
		if !strings.Contains(said, "NOT noted in the audit log") || strings.Contains(said, "hidden") {
			t.Errorf("without a database it says %q", said)
		}
	}
	if migrations.Exists("", dir) {
		t.Error("making a token made a database")
	}
	db, err := migrations.Open(t.Context(), "", dir, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}()
	said := hint()
	if !strings.Contains(said, "is noted in the audit log") {
		t.Errorf("with a database it says %q", said)
	}
	acts, err := store.New(db).AuditLog(t.Context(), spaces.Key{}, 0, 10)
	if err != nil || len(acts) != 1 {
		t.Fatalf("the log holds %+v, %v", acts, err)
	}
	a := acts[0]
	if a.Action != "make_token" || a.Subject != operator || a.Target != "root" || a.Details["roles"] != "admin" || !strings.Contains(said, a.Details["login"]) {
		t.Errorf("the act is %+v; the operator is told %q", a, said)
	}
}
