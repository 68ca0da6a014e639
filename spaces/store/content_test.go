package store_test

import (
	"strings"
	"testing"
	"time"

	"presence/spaces"
	"presence/spaces/store"
)

func parse(t testing.TB, text string) spaces.Key {
	t.Helper()
	k, err := spaces.ParseKeyText(text)
	ok(t, err)
	return k
}

func TestPosts(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		p := post("moon", spaces.Kind360, "The Moon", 1, 5)
		p.Content, p.Metadata, p.Block, p.Rating = "Текст \x00 \xff", `{"image":[]}`, 9, 4
		ok(t, s.PutPosts(t.Context(), []store.Post{p, post("b", spaces.KindBlog, "First", 2, 0), post("b", spaces.KindBlog, "Second", 2, 0)}))
		found, there, err := s.Content(t.Context(), parse(t, "post:alice/moon:attic"))
		ok(t, err)
		if !there || found.Key.Subspace != "attic" || found.Owner != "hive:alice" || found.Kind != spaces.Kind360 || found.Title != "The Moon" || found.Votes != 5 ||
			found.Rating != 4 || found.Block != 9 || found.Content != "Текст  \uFFFD" || !found.CreatedAt.Equal(p.CreatedAt) || !found.Public ||
			found.Settings.MaxUsers != spaces.DefaultSeats || !found.Settings.ChatEnabled {
			t.Errorf("read back: %+v", found)
		}
		if twice, _, _ := s.Content(t.Context(), parse(t, "post:alice/b")); twice.Title != "Second" {
			t.Errorf("of two in one batch the first won: %q", twice.Title)
		}
		// A changed title is found by its new words alone.
		p.Title = "The Sun"
		ok(t, s.PutPosts(t.Context(), []store.Post{p}))
		for word, want := range map[string]string{"moon": "", "sun": "moon", "the": "moon"} {
			if got := ids(t, s, store.ListQuery{Sort: store.SortNew, Search: word, Limit: 10}); got != want {
				t.Errorf("%q finds %q, want %q", word, got, want)
			}
		}
		for _, mark := range []func(bool) error{
			func(on bool) error { return s.HidePost(t.Context(), p.Key(), on) },
			func(on bool) error { return s.FlagPost(t.Context(), p.Key(), on) },
		} {
			ok(t, mark(true))
			if _, there, err := s.Content(t.Context(), p.Key()); there || err != nil {
				t.Errorf("a hidden or flagged post is there: %v", err)
			}
			ok(t, mark(false))
		}
		if _, there, _ := s.Content(t.Context(), p.Key()); !there {
			t.Error("a post that is shown again is not there")
		}
		wantCode(t, s.HidePost(t.Context(), parse(t, "post:alice/none"), true), spaces.CodeNotFound)
	})
}

func TestPostsRefused(t *testing.T) {
	t.Parallel()
	good := post("moon", spaces.Kind360, "", 1, 0)
	if p, err := good.Normalize(); err != nil || p.Title != "moon" || p.Metadata != "{}" || p.UpdatedAt != p.CreatedAt {
		t.Errorf("what a source may leave out: %+v, %v", p, err)
	}
	for field, edit := range map[string]func(*store.Post){
		"space_id":   func(p *store.Post) { p.Author = "A" },
		"type":       func(p *store.Post) { p.Kind = "video" },
		"created_at": func(p *store.Post) { p.CreatedAt = time.Time{} },
		"metadata":   func(p *store.Post) { p.Metadata = "[]" },
	} {
		p := good
		edit(&p)
		_, err := p.Normalize()
		wantCode(t, err, spaces.CodeInvalid, field)
	}
	long := good
	long.Content = strings.Repeat("я", store.MaxContent)
	if p, err := long.Normalize(); err != nil || len(p.Content) != store.MaxContent {
		t.Errorf("a long text has %d bytes, %v", len(p.Content), err)
	}
}

func TestDocuments(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		d := store.Document{Name: "bob/plan", Creator: "bob", Content: "x", CreatedAt: listDay, Shares: []store.Share{{Account: "carol", Permission: "read"}}}
		id, err := s.PutDocument(t.Context(), d)
		ok(t, err)
		d.Title, d.Shares = "A plan", []store.Share{{Account: "dave", Permission: "admin"}}
		if again, err := s.PutDocument(t.Context(), d); err != nil || again != id {
			t.Errorf("changed by name: %d, %v; want %d", again, err, id)
		}
		found, there, err := s.Content(t.Context(), parse(t, "document:bob/plan"))
		ok(t, err)
		if !there || found.Title != "A plan" || found.Public || found.Name != "bob/plan" || found.Owner != "hive:bob" {
			t.Errorf("read back: %+v", found)
		}
		if byNumber, _, err := s.Content(t.Context(), found.Key); err != nil || byNumber.Key != found.Key || byNumber.Title != "A plan" {
			t.Errorf("by number: %+v, %v", byNumber, err)
		}
		for subject, want := range map[string]string{"hive:carol": "", "hive:dave": "admin", "dave": "", "matrix:dave": ""} {
			if r, err := s.Rights(t.Context(), found.Key, subject, listDay); err != nil || r.Permission != want {
				t.Errorf("%s has %q, %v; want %q", subject, r.Permission, err, want)
			}
		}
		if _, there, err := s.Content(t.Context(), parse(t, "document:99")); there || err != nil {
			t.Errorf("a document that is not there: %v", err)
		}
		_, err = s.PutDocument(t.Context(), store.Document{ID: id + 50, Name: "carol/other", Creator: "carol", CreatedAt: listDay})
		ok(t, err)
		_, err = s.PutDocument(t.Context(), store.Document{Creator: "bob", CreatedAt: listDay})
		wantCode(t, err, spaces.CodeInvalid, "id")
	})
}

func TestSettingsTable(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		k := parse(t, "global:lobby")
		set, err := s.Settings(t.Context(), k)
		if err != nil || set.MaxUsers != spaces.CrowdSeats || !set.GuestsChat {
			t.Errorf("untouched: %+v, %v", set, err)
		}
		set = spaces.Settings{VoiceEnabled: true, MaxUsers: 9, Custom: []byte(`{"theme":"dusk"}`)}
		for range 2 {
			ok(t, s.PutSettings(t.Context(), k, set, "hive:root", listDay))
		}
		got, err := s.Settings(t.Context(), k)
		if err != nil || got.MaxUsers != 9 || got.ChatEnabled || got.GuestsEnter || got.GuestsChat || !got.VoiceEnabled || !strings.Contains(string(got.Custom), "dusk") {
			t.Errorf("read back: %+v %s, %v", got, got.Custom, err)
		}
		for _, bad := range []string{`[]`, `{`, `{"a":"\u0000"}`} {
			set.Custom = []byte(bad)
			wantCode(t, s.PutSettings(t.Context(), k, set, "hive:root", listDay), spaces.CodeInvalid, "settings")
		}
		set.Custom, set.MaxUsers = nil, 0
		wantCode(t, s.PutSettings(t.Context(), k, set, "hive:root", listDay), spaces.CodeInvalid, "max_users")
	})
}

func TestRights(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		k, other := parse(t, "post:alice/moon"), parse(t, "post:alice/sun")
		ok(t, s.PutGrant(t.Context(), store.Grant{Key: k, Subject: "hive:bob", Role: spaces.SpaceModerator, GrantedBy: "hive:alice", CreatedAt: listDay, ExpiresAt: listDay.Add(time.Hour)}))
		ok(t, s.PutBan(t.Context(), store.Ban{Key: k, Subject: "hive:bob", Reason: "x", BannedBy: "hive:alice", CreatedAt: listDay, ExpiresAt: listDay.Add(time.Minute)}))
		ok(t, s.PutBan(t.Context(), store.Ban{Key: k, Subject: "guest:1", BannedBy: "hive:alice", CreatedAt: listDay}))
		at := func(k spaces.Key, subject string, now time.Time) string {
			r, err := s.Rights(t.Context(), k, subject, now)
			ok(t, err)
			text := string(r.Granted)
			if r.Ban != nil {
				text += " banned " + r.Ban.Reason
			}
			return text
		}
		for name, got := range map[string][2]string{
			"both":              {at(k, "hive:bob", listDay), "moderator banned x"},
			"the ban is over":   {at(k, "hive:bob", listDay.Add(time.Minute)), "moderator"},
			"the grant is over": {at(k, "hive:bob", listDay.Add(time.Hour)), ""},
			"for good":          {at(k, "guest:1", listDay.AddDate(9, 0, 0)), " banned "},
			"elsewhere":         {at(other, "hive:bob", listDay), ""},
			"somebody else":     {at(k, "bob", listDay), ""},
		} {
			if got[0] != got[1] {
				t.Errorf("%s: %q, want %q", name, got[0], got[1])
			}
		}
		if grants, err := s.Grants(t.Context(), spaces.Key{}); err != nil || len(grants) != 1 || grants[0].Key != k || !grants[0].ExpiresAt.Equal(listDay.Add(time.Hour)) {
			t.Errorf("all grants: %+v, %v", grants, err)
		}
		if bans, err := s.Bans(t.Context(), k); err != nil || len(bans) != 2 || !bans[0].ExpiresAt.IsZero() {
			t.Errorf("bans: %+v, %v", bans, err)
		}
		ok(t, s.RemoveGrant(t.Context(), k, "hive:bob"))
		wantCode(t, s.RemoveGrant(t.Context(), k, "hive:bob"), spaces.CodeNotFound)
		ok(t, s.RemoveBan(t.Context(), k, "guest:1"))
		wantCode(t, s.RemoveBan(t.Context(), k, "guest:1"), spaces.CodeNotFound)
		wantCode(t, s.PutGrant(t.Context(), store.Grant{Key: k, Subject: "guest:1", Role: spaces.SpaceAdmin, CreatedAt: listDay}), spaces.CodeInvalid)
		wantCode(t, s.PutGrant(t.Context(), store.Grant{Key: k, Subject: "hive:bob", Role: spaces.SpaceGuest, CreatedAt: listDay}), spaces.CodeInvalid)
		wantCode(t, s.PutBan(t.Context(), store.Ban{Key: k, Subject: "a\nb", CreatedAt: listDay}), spaces.CodeInvalid)
	})
}

func TestRoster(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		fillList(t, s)
		shown, all, err := s.Occupants(t.Context(), parse(t, "post:alice/d"), listDay)
		ok(t, err)
		if all != 2 || len(shown) != 2 || shown[0].SocketID != "s0" || shown[1].Subspace != "main-x" || shown[0].Position != nil {
			t.Errorf("inside: %+v of %d", shown, all)
		}
		if c, err := s.Crowd(t.Context(), parse(t, "document:7"), listDay); err != nil || c.People != 3 || c.Guests != 0 || c.Waiting != 0 {
			t.Errorf("crowd %+v, %v", c, err)
		}
		if crowds, err := s.SubspaceCrowds(t.Context(), parse(t, "post:alice/d"), listDay); err != nil || len(crowds) != 2 || crowds["main-x"] != 1 {
			t.Errorf("crowds %v, %v", crowds, err)
		}
		if where, found, err := s.Whereabouts(t.Context(), "s2"); err != nil || !found || !where.Inside || where.Session.Key != parse(t, "city:plaza") {
			t.Errorf("whereabouts %+v, %t, %v", where, found, err)
		}
		_, err = s.Enter(t.Context(), spaces.Session{ID: "late", Gateway: "g", Key: parse(t, "city:plaza"), Subject: "hive:late", Name: "L", Door: spaces.DoorNative, ConnectedAt: listDay}, 1, listDay)
		ok(t, err)
		if where, found, err := s.Whereabouts(t.Context(), "late"); err != nil || !found || where.Inside || where.Session.Subject != "hive:late" {
			t.Errorf("in line: %+v, %t, %v", where, found, err)
		}
		if _, found, err := s.Whereabouts(t.Context(), "nobody"); err != nil || found {
			t.Errorf("nobody: %t, %v", found, err)
		}
		late := listDay.Add(2 * time.Minute)
		if _, all, err := s.Occupants(t.Context(), parse(t, "post:alice/d"), late); err != nil || all != 0 {
			t.Errorf("%d of a gateway that is dead, %v", all, err)
		}
	})
}

// TestListUsesIndexes: on a table too large to read through, no order and no
// filter reads through it.
func TestListUsesIndexes(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		fillPosts(t, s, 3000)
		for name, q := range map[string]store.ListQuery{
			"new": {Sort: store.SortNew}, "votes": {Sort: store.SortVotes}, "kind": {Sort: store.SortVotes, Kind: spaces.KindArt},
			"life": {Sort: store.SortLife}, "nsfw": {Sort: store.SortNew, NSFW: true}, "deep": {Sort: store.SortNew, After: &store.Mark{At: listDay, Arm: 1, ID: 5}},
		} {
			q.Limit, q.Now = 20, listDay
			plan, err := s.ExplainList(t.Context(), q)
			ok(t, err)
			for line := range strings.SplitSeq(plan, "\n") {
				if strings.Contains(line, "Seq Scan on posts") || strings.HasPrefix(strings.TrimSpace(line)+" ", "SCAN p ") && !strings.Contains(line, "INDEX") || strings.Contains(line, "Seq Scan on space_words") {
					t.Errorf("%s reads the whole table: %s\n%s", name, line, plan)
				}
			}
		}
	})
}
