package main

import (
	"log/slog"
	"testing"

	"presence/migrations"
	"presence/spaces"
	"presence/spaces/store"
)

// TestMembersAreAudited: who opens private rooms to somebody, or closes them, is
// in the audit log, as all acts of operators.
func TestMembersAreAudited(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, act := range []string{"add", "remove"} {
		output(t, "member", act, "council", "hive:alice", "--data="+dir)
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
	acts, err := store.New(db).AuditLog(t.Context(), spaces.Key{}, 0, 10)
	if err != nil || len(acts) != 2 {
		t.Fatalf("the log holds %+v, %v", acts, err)
	}
	for i, action := range []string{"remove_member", "add_member"} {
		if a := acts[i]; a.Action != action || a.Target != "hive:alice" || a.Subject != operator || a.Details["microdao"] != "council" {
			t.Errorf("act %d is %+v", i, a)
		}
	}
}
