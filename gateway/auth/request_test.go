package auth_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"presence/gateway/auth"
	"presence/spaces"
)

func TestWhereACredentialMayBe(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	lenient := newWorld(t, func(c *auth.Config) { c.QueryToken = true })
	good := city(t)
	for name, c := range map[string]struct {
		world  *world
		url    string
		header []string
		field  string // empty: accepted
	}{
		"header":                   {w, "/", []string{"Authorization", "Bearer " + good}, ""},
		"header, lower case":       {w, "/", []string{"Authorization", "bearer " + good}, ""},
		"subprotocol":              {w, "/", []string{"Sec-WebSocket-Protocol", "presence.city.v2, bearer." + good}, ""},
		"subprotocol, two headers": {w, "/", []string{"Sec-WebSocket-Protocol", "presence.city.v2", "Sec-WebSocket-Protocol", "bearer." + good}, ""},
		"behind a proxy's Basic":   {w, "/", []string{"Authorization", "Basic dTpw", "Sec-WebSocket-Protocol", "bearer." + good}, ""},
		"query, switched on":       {lenient, "/?token=" + good, nil, ""},
		"query, switched off":      {w, "/?token=" + good, nil, "query.token"},
		"bad header":               {w, "/", []string{"Authorization", "Bearer nonsense"}, "header.Authorization"},
		"header without a scheme":  {w, "/", []string{"Authorization", good}, "header.Authorization"},
		"header without a token":   {w, "/", []string{"Authorization", "Bearer"}, "header.Authorization"},
		"bad subprotocol":          {w, "/", []string{"Sec-WebSocket-Protocol", "bearer.x"}, "header.Sec-WebSocket-Protocol"},
		"header wins":              {lenient, "/?token=" + good, []string{"Authorization", "Bearer nonsense"}, "header.Authorization"},
		"bad ticket":               {w, "/?ticket=x", nil, "query.ticket"},
		"unknown ticket":           {w, "/?ticket=" + strings.Repeat("A", 26), nil, "query.ticket"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v, _, err := c.world.FromRequest(request(t, c.url, c.header...))
			if c.field == "" {
				if err != nil || v.Name != "Alice" {
					t.Errorf("got %+v, %v", v, err)
				}
				return
			}
			if e := refusal(t, err, spaces.CodeUnauthenticated); e.Field != c.field {
				t.Errorf("got field %q (%v), want %q", e.Field, err, c.field)
			}
			if errors.Is(err, auth.ErrNoCredential) {
				t.Error("a bad credential is taken for none")
			}
			if strings.Contains(err.Error(), good) {
				t.Error("the error repeats the token")
			}
		})
	}
}

// TestSocketsHearTheThreeWays: whoever opens a socket without a good token is
// told how a socket's token is sent.
func TestSocketsHearTheThreeWays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, header := range [][]string{nil, {"Authorization", "Bearer x"}, {"Sec-WebSocket-Protocol", "presence.city.v2, bearer.x"}} {
		_, _, err := w.FromRequest(request(t, "/", append(header, "Connection", "Upgrade", "Upgrade", "websocket")...))
		e := refusal(t, err, spaces.CodeUnauthenticated)
		for _, way := range []string{"Authorization: Bearer", "presence.city.v1, bearer.<token>", "?ticket="} {
			if !strings.Contains(e.Fix, way) {
				t.Errorf("%v: %q does not say %q", header, e.Fix, way)
			}
		}
	}
}

func TestNobodyIsNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, _, err := w.FromRequest(request(t, "/?bearer.x"))
	wantCode(t, err, spaces.CodeUnauthenticated)
	if !errors.Is(err, auth.ErrNoCredential) {
		t.Errorf("got %v, want ErrNoCredential", err)
	}
	v, expires, err := w.Anyone(request(t, "/"))
	if err != nil || v.Subject != "" || !expires.IsZero() {
		t.Errorf("Anyone: got %+v, %s, %v", v, expires, err)
	}
	if _, _, err := w.Anyone(request(t, "/", "Authorization", "Bearer x")); err == nil {
		t.Error("Anyone accepts a bad credential")
	}
	_, _, err = w.FromRequest(request(t, "/?a=%zz"))
	wantCode(t, err, spaces.CodeInvalid)
}

func TestGuest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first, err := w.Guest("")
	if err != nil {
		t.Fatal(err)
	}
	v, expires, err := w.Viewer(t.Context(), first.Token)
	if err != nil {
		t.Fatal(err)
	}
	if !v.Guest || !strings.HasPrefix(v.Subject, "guest:") || !strings.HasPrefix(v.Name, "Guest-") || len(v.Name) != len("Guest-xxxx") {
		t.Errorf("got %+v", v)
	}
	if !expires.Equal(start.Add(auth.GuestTTL)) || !expires.Equal(first.Expires) {
		t.Errorf("got expiry %s", expires)
	}
	if v.CanSee(spaces.Link{Slug: "council", MicroDAO: "council"}) {
		t.Error("a guest sees a private room")
	}
	second, err := w.Guest("")
	if err != nil || second.Viewer.Subject == first.Viewer.Subject {
		t.Errorf("two guests are one: %+v, %v", second.Viewer, err)
	}
}

// TestGuestKeepsTheirName: a browser that comes back is the same pseudonym,
// also after its token has ended, but not because it says so.
func TestGuestKeepsTheirName(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first, err := w.Guest("")
	if err != nil {
		t.Fatal(err)
	}
	operator := mint(t, w, auth.Grant{Subject: "operator"}).Token
	claimed := city(t, set("sub", first.Viewer.Subject))
	w.advance(20 * 24 * time.Hour)
	for name, c := range map[string]struct {
		previous string
		same     bool
	}{
		"their own token":          {first.Token, true},
		"nonsense":                 {"nonsense", false},
		"changed":                  {tamper(t, first.Token, 2), false},
		"somebody's access token":  {operator, false},
		"a token of another house": {claimed, false},
	} {
		got, err := w.Guest(c.previous)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if (got.Viewer.Subject == first.Viewer.Subject) != c.same {
			t.Errorf("%s: got %s after %s", name, got.Viewer.Subject, first.Viewer.Subject)
		}
		if _, _, err := w.Viewer(t.Context(), got.Token); err != nil {
			t.Errorf("%s: the new token is refused: %v", name, err)
		}
	}
	w.advance(30 * 24 * time.Hour)
	if late, err := w.Guest(first.Token); err != nil || late.Viewer.Subject == first.Viewer.Subject {
		t.Errorf("a guest is remembered for ever: %v", err)
	}
}

func TestTicket(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v, until, err := w.Viewer(t.Context(), mint(t, w, auth.Grant{Subject: "matrix:@root:example.org"}).Token)
	if err != nil {
		t.Fatal(err)
	}
	ticket := func() string {
		t.Helper()
		ticket, expires, err := w.Ticket(t.Context(), v, until)
		if err != nil {
			t.Fatal(err)
		}
		if want := w.clock().Add(auth.TicketTTL); !expires.Equal(want) {
			t.Errorf("got expiry %s, want %s", expires, want)
		}
		return ticket
	}

	used := ticket()
	got, expires, err := w.FromRequest(request(t, "/?ticket="+used))
	if err != nil || got.Subject != v.Subject || got.Name != v.Name || !expires.Equal(until) {
		t.Errorf("got %+v until %s, %v", got, expires, err)
	}
	if !got.CanSee(spaces.Link{MicroDAO: "any"}) {
		t.Error("an admin's ticket is not an admin's")
	}
	_, _, err = w.FromRequest(request(t, "/?ticket="+used))
	wantCode(t, err, spaces.CodeUnauthenticated)

	late := ticket()
	w.advance(auth.TicketTTL)
	_, _, err = w.FromRequest(request(t, "/?ticket="+late))
	wantCode(t, err, spaces.CodeUnauthenticated)

	if _, known := w.store.tickets[used]; known || len(used) < 26 {
		t.Error("the ticket is stored in clear or too short")
	}
}

func TestTicketNeverOutlivesItsToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	until := start.Add(5 * time.Second)
	ticket, expires, err := w.Ticket(t.Context(), spaces.Viewer{Subject: "a"}, until)
	if err != nil || !expires.Equal(until) {
		t.Fatalf("got expiry %s, %v", expires, err)
	}
	w.advance(5 * time.Second)
	_, _, err = w.FromRequest(request(t, "/?ticket="+ticket))
	wantCode(t, err, spaces.CodeUnauthenticated)
	_, _, err = w.Ticket(t.Context(), spaces.Viewer{}, until)
	wantCode(t, err, spaces.CodeUnauthenticated)
}

func TestTicketsWithoutAStore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.store.set(errors.New("database is down: password=hunter2"))
	_, _, err := w.Ticket(t.Context(), spaces.Viewer{Subject: "a"}, start.Add(time.Hour))
	wantCode(t, err, spaces.CodeUnavailable)
	_, _, err = w.FromRequest(request(t, "/?ticket="+strings.Repeat("A", 26)))
	if e := refusal(t, err, spaces.CodeUnavailable); strings.Contains(e.Message+e.Fix, "hunter2") {
		t.Error("the cause is shown")
	}
}
