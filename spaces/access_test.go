package spaces_test

import (
	"testing"
	"time"

	"presence/spaces"
)

func key(t *testing.T, text string) spaces.Key {
	t.Helper()
	k, err := spaces.ParseKeyText(text)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

var noon = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

// TestDecide is the table of rights: one letter an action that is allowed,
// in the order see, enter, read, write, moderate, settings, grant.
func TestDecide(t *testing.T) {
	t.Parallel()
	nobody := spaces.Viewer{}
	guest := spaces.Viewer{Subject: "guest:1", Guest: true}
	alice := spaces.Viewer{Subject: "hive:alice"}
	root := spaces.Viewer{Subject: "hive:root", Roles: []string{spaces.RoleAdmin}}
	lobby := key(t, "global:lobby")
	open := spaces.Space{Key: lobby, Public: true, Settings: spaces.DefaultSettings(spaces.TypeGlobal)}
	with := func(edit func(*spaces.Space)) spaces.Space {
		s := open
		edit(&s)
		return s
	}
	private := with(func(s *spaces.Space) { s.Public = false })
	room := with(func(s *spaces.Space) { s.Public, s.Link = false, &spaces.Link{Slug: "hall", MicroDAO: "dao"} })
	nsfw := with(func(s *spaces.Space) { s.NSFW = true })
	closed := with(func(s *spaces.Space) { s.Settings.GuestsEnter = false })
	silent := with(func(s *spaces.Space) { s.Settings.ChatEnabled = false })
	mute := with(func(s *spaces.Space) { s.Settings.GuestsChat = false })
	forever, over := &spaces.Ban{Reason: "spam"}, &spaces.Ban{Until: noon}
	scoped := func(k spaces.Key, actions ...spaces.Action) spaces.Viewer {
		v := alice
		for _, a := range actions {
			v.Scopes = append(v.Scopes, spaces.Scope(a, k))
		}
		return v
	}
	for name, c := range map[string]struct {
		standing spaces.Standing
		want     string
	}{
		"nobody":                     {spaces.Standing{Viewer: nobody, Space: open}, "serw---"},
		"a guest":                    {spaces.Standing{Viewer: guest, Space: open}, "serw---"},
		"an account":                 {spaces.Standing{Viewer: alice, Space: open}, "serw---"},
		"a newcomer after a ban":     {spaces.Standing{Viewer: guest, Space: open, Newcomers: noon.Add(time.Hour)}, "s------"},
		"a newcomer when it is over": {spaces.Standing{Viewer: guest, Space: open, Newcomers: noon}, "serw---"},
		"an account, as a newcomer":  {spaces.Standing{Viewer: alice, Space: open, Newcomers: noon.Add(time.Hour)}, "serw---"},
		"a moderator":                {spaces.Standing{Viewer: alice, Space: open, Role: spaces.SpaceModerator}, "serwm--"},
		"an admin":                   {spaces.Standing{Viewer: alice, Space: open, Role: spaces.SpaceAdmin}, "serwmxg"},
		"a city admin":               {spaces.Standing{Viewer: root, Space: private}, "serwmxg"},
		"an unknown role":            {spaces.Standing{Viewer: alice, Space: private, Role: "owner"}, "-------"},
		"private to a stranger":      {spaces.Standing{Viewer: alice, Space: private}, "-------"},
		"private to a subscriber":    {spaces.Standing{Viewer: alice, Space: private, Role: spaces.SpaceSubscriber}, "serw---"},
		"private to a ticket holder": {spaces.Standing{Viewer: alice, Space: private, Role: spaces.SpaceTicketHolder}, "serw---"},
		"a room to its microDAO":     {spaces.Standing{Viewer: spaces.Viewer{Subject: "u", MicroDAOs: []string{"dao"}}, Space: room}, "serw---"},
		"a room to another microDAO": {spaces.Standing{Viewer: spaces.Viewer{Subject: "u", MicroDAOs: []string{"other"}}, Space: room}, "-------"},
		"banned":                     {spaces.Standing{Viewer: alice, Space: open, Ban: forever}, "s------"},
		"banned until now":           {spaces.Standing{Viewer: alice, Space: open, Ban: over}, "serw---"},
		"a banned admin":             {spaces.Standing{Viewer: alice, Space: open, Ban: forever, Role: spaces.SpaceAdmin}, "serwmxg"},
		"a banned moderator":         {spaces.Standing{Viewer: alice, Space: open, Ban: forever, Role: spaces.SpaceModerator}, "s------"},
		"nsfw":                       {spaces.Standing{Viewer: alice, Space: nsfw}, "s------"},
		"nsfw wanted":                {spaces.Standing{Viewer: alice, Space: nsfw, NSFWShown: true}, "serw---"},
		"closed to a guest":          {spaces.Standing{Viewer: guest, Space: closed}, "s------"},
		"closed to an account":       {spaces.Standing{Viewer: alice, Space: closed}, "serw---"},
		"silent":                     {spaces.Standing{Viewer: alice, Space: silent}, "ser----"},
		"silent to a moderator":      {spaces.Standing{Viewer: alice, Space: silent, Role: spaces.SpaceModerator}, "serwm--"},
		"mute to a guest":            {spaces.Standing{Viewer: guest, Space: mute}, "ser----"},
		"mute to an account":         {spaces.Standing{Viewer: alice, Space: mute}, "serw---"},
		"a token to enter":           {spaces.Standing{Viewer: scoped(lobby, spaces.ActEnter), Space: open, Role: spaces.SpaceAdmin}, "ser----"},
		"a token of another space":   {spaces.Standing{Viewer: scoped(key(t, "post:alice/x"), spaces.ActEnter, spaces.ActWrite), Space: open}, "-------"},
	} {
		c.standing.Now = noon
		got := ""
		for i, a := range []spaces.Action{
			spaces.ActSee, spaces.ActEnter, spaces.ActRead, spaces.ActWrite, spaces.ActModerate, spaces.ActSettings, spaces.ActGrant,
		} {
			letter := "serwmxg"[i : i+1]
			if spaces.Decide(c.standing, a) != nil {
				letter = "-"
			}
			got += letter
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// TestDecideSaysWhy: the code tells a client what would help.
func TestDecideSaysWhy(t *testing.T) {
	t.Parallel()
	space := spaces.Space{Key: key(t, "document:7"), Settings: spaces.DefaultSettings(spaces.TypeDocument)}
	guest := spaces.Viewer{Subject: "guest:1", Guest: true}
	hidden := spaces.Decide(spaces.Standing{Viewer: guest, Space: space}, spaces.ActEnter)
	if hidden == nil || hidden.Error() != spaces.NoSpace().Error() || spaces.ErrorCode(hidden) != spaces.CodeNotFound {
		t.Errorf("a private space answers %v, not like one that is not there", hidden)
	}
	space.Public, space.Settings.GuestsEnter = true, false
	if err := spaces.Decide(spaces.Standing{Viewer: guest, Space: space}, spaces.ActEnter); spaces.ErrorCode(err) != spaces.CodeUnauthenticated {
		t.Errorf("a guest is told %v, not to sign in", err)
	}
	banned := spaces.Standing{Viewer: spaces.Viewer{Subject: "hive:a"}, Space: space, Ban: &spaces.Ban{Until: noon.Add(time.Hour), Reason: "spam"}, Now: noon}
	if err := spaces.Decide(banned, spaces.ActEnter); spaces.ErrorCode(err) != spaces.CodeForbidden || err.Error() != "you are banned from this space until 2026-05-01T13:00:00Z: spam" {
		t.Errorf("a ban says %v", err)
	}
}
