package store_test

import (
	"testing"
	"time"

	"presence/spaces"
	"presence/spaces/store"
)

// A guest's ban holds for guests of the same network who come after it, in that
// content, for some hours, and through a restart: it is all in the tables.
func TestBanNetwork(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		k, other := parse(t, "post:alice/moon"), parse(t, "post:alice/sun")
		note := func(subject, network string, at time.Time) {
			t.Helper()
			ok(t, s.NoteGuest(t.Context(), "guest:"+subject, network, at))
		}
		ban := func(subject string, at, ends time.Time) time.Time {
			t.Helper()
			b := store.Ban{Key: k, Subject: subject, BannedBy: "hive:alice", CreatedAt: at, ExpiresAt: ends}
			ok(t, s.PutBan(t.Context(), b))
			until, err := s.BanNetwork(t.Context(), b)
			ok(t, err)
			return until
		}
		kept := func(k spaces.Key, subject, network string, at time.Time) time.Time {
			t.Helper()
			until, err := s.NewcomersBanned(t.Context(), k, "guest:"+subject, network, at)
			ok(t, err)
			return until
		}
		ends := midday.Add(store.NetworkBan)
		note("troll", "home", midday)
		note("troll", "net", midday)
		note("classmate", "net", midday)
		if got := ban("guest:troll", midday, time.Time{}); !got.Equal(ends) {
			t.Errorf("newcomers are kept out until %v, want %v", got, ends)
		}
		note("late", "net", midday.Add(time.Second)) // was let in somewhere else since
		for name, c := range map[string]struct{ got, want time.Time }{
			"a new guest":                {kept(k, "new", "net", midday), ends},
			"one seen since":             {kept(k, "late", "net", midday.Add(time.Hour)), ends},
			"one who was here before":    {kept(k, "classmate", "net", midday), time.Time{}},
			"another network":            {kept(k, "new", "other", midday), time.Time{}},
			"where the troll was before": {kept(k, "new", "home", midday), time.Time{}},
			"another content":            {kept(other, "new", "net", midday), time.Time{}},
			"after some hours":           {kept(k, "new", "net", ends), time.Time{}},
		} {
			if !c.got.Equal(c.want) {
				t.Errorf("%s: until %v, want %v", name, c.got, c.want)
			}
		}
		bans, err := s.Bans(t.Context(), k)
		if err != nil || len(bans) != 1 || !bans[0].Newcomers.Equal(ends) {
			t.Errorf("bans: %+v, %v", bans, err)
		}
		ok(t, s.RemoveBan(t.Context(), k, "guest:troll"))
		if until := kept(k, "new", "net", midday); !until.IsZero() {
			t.Errorf("after the ban was ended, until %v", until)
		}

		if got := ban("guest:troll", midday, midday.Add(time.Hour)); !got.Equal(midday.Add(time.Hour)) {
			t.Errorf("a ban of an hour keeps newcomers out until %v", got)
		}
		for _, subject := range []string{"hive:bob", "guest:nobody knows"} {
			if got := ban(subject, midday, time.Time{}); !got.IsZero() {
				t.Errorf("the ban of %s keeps newcomers out until %v", subject, got)
			}
		}
		note("somebody", "net", midday.Add(25*time.Hour)) // a day later the troll is forgotten
		if got := ban("guest:troll", midday.Add(25*time.Hour), time.Time{}); !got.IsZero() {
			t.Errorf("a guest of yesterday: until %v", got)
		}
	})
}
