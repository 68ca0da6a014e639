package store_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"presence/spaces/store"
)

func TestSession(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		if _, found, err := s.Session(ctx, "daemon"); err != nil || found {
			t.Fatalf("found %v, %v before anything was saved", found, err)
		}
		first := store.Session{Homeserver: "https://hs", UserID: "@d:hs", DeviceID: "D", AccessToken: "a1", RefreshToken: "r1"}
		ok(t, s.SaveSession(ctx, "daemon", first))
		second := first
		second.AccessToken, second.RefreshToken = "a2", ""
		ok(t, s.SaveSession(ctx, "daemon", second))
		ok(t, s.SaveSession(ctx, "other", first))
		if got, found, err := s.Session(ctx, "daemon"); err != nil || !found || got != second {
			t.Fatalf("got %v, %v, %v", got, found, err)
		}
	})
}

func TestSessionNeverPrintsTokens(t *testing.T) {
	t.Parallel()
	session := store.Session{UserID: "@d:hs", AccessToken: "sesame", RefreshToken: "sesame"}
	var out bytes.Buffer
	slog.New(slog.NewTextHandler(&out, nil)).Info("login", "session", session)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		fmt.Fprintf(&out, verb, session)
	}
	fmt.Fprint(&out, fmt.Errorf("login: %v", session))
	if strings.Contains(out.String(), "sesame") || !strings.Contains(out.String(), "@d:hs") {
		t.Fatal(out.String())
	}
}
