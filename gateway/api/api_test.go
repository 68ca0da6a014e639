package api_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"presence/gateway/api"
	"presence/gateway/auth"
	"presence/spaces"
)

func TestGuestThenTicket(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	guest := func(previous string) (token, subject string) {
		t.Helper()
		answer := w.do(http.MethodPost, "/api/auth/guest", "Authorization", "Bearer "+previous)
		if answer.Code != http.StatusOK || answer.Header().Get("Cache-Control") != "no-store" {
			t.Fatalf("got %d %s", answer.Code, answer.Body)
		}
		var body struct {
			Token     string    `json:"token"`
			TokenType string    `json:"token_type"`
			ExpiresAt time.Time `json:"expires_at"`
			ExpiresIn int       `json:"expires_in"`
			Viewer    struct {
				Subject string `json:"subject"`
				Name    string `json:"name"`
				Guest   bool   `json:"guest"`
			} `json:"viewer"`
		}
		decodeStrictly(t, answer.Body, &body)
		if !body.Viewer.Guest || body.TokenType != "Bearer" || body.ExpiresIn < 3600 || !strings.HasPrefix(body.Viewer.Name, "Guest-") {
			t.Errorf("got %+v", body)
		}
		return body.Token, body.Viewer.Subject
	}
	token, subject := guest("")
	if _, again := guest(token); again != subject {
		t.Errorf("the guest became %s after %s", again, subject)
	}
	if _, other := guest("rubbish"); other == subject {
		t.Error("rubbish proves a guest")
	}

	answer := w.do(http.MethodPost, "/api/auth/ticket", "Authorization", "Bearer "+token)
	var body struct {
		Ticket    string    `json:"ticket"`
		ExpiresAt time.Time `json:"expires_at"`
		ExpiresIn int       `json:"expires_in"`
	}
	decodeStrictly(t, answer.Body, &body)
	if body.ExpiresAt.Nanosecond()%1e6 != 0 {
		t.Errorf("%v has more than milliseconds", body.ExpiresAt)
	}
	if body.Ticket == "" || body.ExpiresIn < 20 || body.ExpiresIn > 30 {
		t.Errorf("got %+v", body)
	}
	if answer := w.do(http.MethodGet, "/api/city/rooms?ticket="+body.Ticket); answer.Code != http.StatusOK {
		t.Errorf("the ticket is refused: %s", answer.Body)
	}
	refused(t, w.do(http.MethodGet, "/api/city/rooms?ticket="+body.Ticket), http.StatusUnauthorized, spaces.CodeUnauthenticated)
}

func TestTicketNeedsAToken(t *testing.T) {
	t.Parallel()
	answer := newWorld(t).do(http.MethodPost, "/api/auth/ticket")
	if answer.Header().Get("WWW-Authenticate") != "Bearer" {
		t.Error("no challenge with 401")
	}
	refused(t, answer, http.StatusUnauthorized, spaces.CodeUnauthenticated)
}

func TestRoomsList(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	member := w.token(auth.Grant{Subject: "m", MicroDAOs: []string{"dao"}})
	for url, c := range map[string]struct {
		header []string
		want   string
	}{
		"/api/city/rooms":                    {nil, "lab cafe general"},
		"/city/rooms":                        {nil, "lab cafe general"},
		"/api/city/rooms?sort=name":          {member, "lab cafe council general"},
		"/api/city/rooms?sort=life":          {nil, "general lab cafe"},
		"/api/city/rooms?sort=zone":          {member, "general lab council cafe"},
		"/api/city/rooms?zone=north":         {nil, "lab"},
		"/api/city/rooms?zone=nowhere":       {nil, ""},
		"/api/city/rooms?q=CAFÉ":             {nil, "cafe"},
		"/api/city/rooms?live=true":          {nil, "general"},
		"/api/city/rooms?room_type=builders": {nil, ""},
		"/api/city/rooms?limit=2":            {nil, "lab cafe"},
		"/api/city/rooms?limit=2&offset=2":   {nil, "general"},
		"/api/city/rooms?offset=9":           {nil, ""},
		"/api/city/rooms?limit=10000":        {nil, "lab cafe general"},
		"/api/city/rooms?_=12345":            {nil, "lab cafe general"},
	} {
		var rooms []map[string]any
		w.get(url, &rooms, c.header...)
		if got := names(t, rooms); got != c.want {
			t.Errorf("%s: got %q, want %q", url, got, c.want)
		}
		if rooms == nil {
			t.Errorf("%s: got null, want a list", url)
		}
	}
}

func TestRoomShape(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var rooms []map[string]any
	w.get("/api/city/rooms", &rooms)
	for _, r := range rooms {
		for _, field := range []string{
			"id", "slug", "name", "description", "zone", "room_type", "icon", "color", "matrix_room_id",
			"matrix_room_alias", "is_public", "members_online", "map", "presence",
		} {
			if _, there := r[field]; !there {
				t.Errorf("%s: no field %s", r["slug"], field)
			}
		}
	}
	unknown, empty, full := rooms[1], rooms[0], rooms[2]
	if unknown["members_online"] != nil || unknown["presence"] != nil {
		t.Errorf("an unknown count is shown as %v", unknown["members_online"])
	}
	if empty["members_online"] != 0.0 || full["members_online"] != 4.0 {
		t.Errorf("got counts %v and %v, want 0 and 4", empty["members_online"], full["members_online"])
	}
	if p := full["presence"].(map[string]any); p["typing_count"] != 2.0 || p["stale"] != false {
		t.Errorf("got presence %v", p)
	}
	if body := w.do(http.MethodGet, "/api/city/rooms").Body.String(); strings.Contains(body, "@") {
		t.Errorf("the list holds a Matrix user id: %s", body)
	}
}

// TestBlindIsNotEmpty: stale numbers are marked, and a city nobody has seen yet
// is no empty list.
func TestBlindIsNotEmpty(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.city.edit(func(c *city) { c.view.State = spaces.StateStale })
	var rooms []struct {
		Presence *struct{ Stale bool }
	}
	answer := w.do(http.MethodGet, "/api/city/rooms?live=true")
	decode(t, answer, &rooms)
	if len(rooms) != 1 || !rooms[0].Presence.Stale {
		t.Errorf("got %+v, want a stale room", rooms)
	}

	w.city.edit(func(c *city) { c.view = spaces.CityView{} })
	for _, url := range []string{"/api/city/rooms", "/city/map", "/presence/summary"} {
		answer := w.do(http.MethodGet, url)
		if answer.Header().Get("Retry-After") == "" {
			t.Errorf("%s: no Retry-After", url)
		}
		p := refused(t, answer, http.StatusServiceUnavailable, spaces.CodeUnavailable)
		if !strings.Contains(p.Detail, "initializing") {
			t.Errorf("%s: got %q", url, p.Detail)
		}
	}
	var status map[string]any
	w.get("/status", &status)
	if status["state"] != "unknown" || status["sync"] != "starting" || status["presence"] != "unknown" {
		t.Errorf("got status %v", status)
	}
}

// TestSummaryBeforeTheCityWasSeen: no numbers are made up of a city that is
// linked but that nobody has looked at; its rooms can be listed.
func TestSummaryBeforeTheCityWasSeen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.city.edit(func(c *city) {
		c.view.State, c.view.AsOf, c.view.City = spaces.StateUnknown, 0, nil
		for i := range c.view.Rooms {
			c.view.Rooms[i].Presence = nil
		}
	})
	for _, path := range []string{"/presence/summary", "/api/presence/summary", "/presence/snapshot"} {
		answer := w.do(http.MethodGet, path)
		refused(t, answer, http.StatusServiceUnavailable, spaces.CodeUnavailable)
		if answer.Header().Get("Retry-After") == "" {
			t.Errorf("%s does not say when to ask again", path)
		}
	}
	var rooms []map[string]any
	w.get("/api/city/rooms", &rooms)
	if len(rooms) == 0 || rooms[0]["members_online"] != nil {
		t.Errorf("got %v", rooms)
	}
}

func TestMap(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, url := range []string{"/api/city/map", "/city/map"} {
		var body struct {
			Config struct {
				Width      int `json:"grid_width"`
				Height     int `json:"grid_height"`
				Cell       int `json:"cell_size"`
				Background any `json:"background_url"`
			} `json:"config"`
			Rooms []map[string]any `json:"rooms"`
		}
		w.get(url, &body)
		if body.Config.Width != 8 || body.Config.Height != 5 || body.Config.Cell != 100 {
			t.Errorf("got grid %+v, want all rooms on it", body.Config)
		}
		if got := names(t, body.Rooms); got != "cafe general lab" {
			t.Errorf("got rooms %q", got)
		}
		if r := body.Rooms[1]; r["x"] != 2.0 || r["w"] != 2.0 || r["matrix_room_id"] != "!general:x" {
			t.Errorf("got %v", r)
		}
	}
}

// TestSummaryIsDocumented: the bytes of package wire are what the document says.
func TestSummaryIsDocumented(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, url := range []string{"/api/presence/summary", "/api/presence/snapshot", "/presence/summary", "/presence/snapshot"} {
		var u api.PresenceUpdate
		w.get(url, &u)
		if u.Type != "presence_update" || len(u.Rooms) != 2 || *u.City.OnlineTotal != 5 {
			t.Errorf("%s: got %+v", url, u)
		}
		if u.Rooms[0].RoomID != "room_city_general" || u.Rooms[0].Online != 4 || len(u.Rooms[0].Agents) != 1 {
			t.Errorf("%s: got room %+v", url, u.Rooms[0])
		}
	}
}

func TestStatus(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var s map[string]any
	w.get("/status", &s)
	if s["nats_connected"] != true || s["sync_running"] != true || s["total_users_tracked"] != 5.0 || len(s["rooms"].([]any)) != 2 {
		t.Errorf("got %v", s)
	}
	w.city.edit(func(c *city) { c.view.City = nil })
	w.get("/status", &s)
	if s["total_users_tracked"] != 0.0 {
		t.Errorf("without totals, got %v", s)
	}
}

// TestStatusHidesPrivateRooms: what anybody reads stays the same when people
// meet in private rooms.
func TestStatusHidesPrivateRooms(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	with := w.do(http.MethodGet, "/status").Body.String()
	w.city.edit(func(c *city) {
		c.view.Rooms = slices.DeleteFunc(c.view.Rooms, func(r spaces.RoomView) bool { return !r.Link.Public })
		c.view.Status.Rooms, c.view.Status.Joined, c.view.Status.Users = 2, 2, 5
	})
	if without := w.do(http.MethodGet, "/status").Body.String(); with != without {
		t.Errorf("private rooms show: %s and %s", with, without)
	}
}

func TestInternalRooms(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var links []spaces.Link
	w.get("/internal/city/rooms", &links, "X-Internal-API-Key", internalKey)
	if len(links) != 4 || links[1].MicroDAO != "dao" || links[1].RoomID != "!council:x" {
		t.Errorf("got %+v", links)
	}
	for _, key := range []string{"", "wrong", internalKey + "x"} {
		p := refused(t, w.do(http.MethodGet, "/internal/city/rooms", "X-Internal-API-Key", key), http.StatusUnauthorized, spaces.CodeUnauthenticated)
		if strings.Contains(p.Detail, "wrong ") || strings.Contains(p.Detail, internalKey) {
			t.Errorf("the key is repeated: %s", p.Detail)
		}
	}
	admin := w.token(auth.Grant{Subject: "a", Roles: []string{spaces.RoleAdmin}})
	refused(t, w.do(http.MethodGet, "/internal/city/rooms", admin...), http.StatusUnauthorized, spaces.CodeUnauthenticated)

	w.city.edit(func(c *city) { c.away = errAway })
	p := refused(t, w.do(http.MethodGet, "/internal/city/rooms", "X-Internal-API-Key", internalKey), http.StatusServiceUnavailable, spaces.CodeUnavailable)
	if strings.Contains(p.Detail, "hunter2") {
		t.Errorf("the cause is shown: %s", p.Detail)
	}
}

func TestInternalRoomsIsOffWithoutAKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *api.Config) { c.InternalKey = "" })
	p := refused(t, w.do(http.MethodGet, "/internal/city/rooms"), http.StatusNotFound, spaces.CodeNotFound)
	if !strings.Contains(p.Detail, "INTERNAL_API_KEY") {
		t.Errorf("got %q, want it to say how to switch it on", p.Detail)
	}
}

// TestBadInput: every violation has the one form, names its place and does not
// repeat what was sent; a bad token comes before bad input.
func TestBadInput(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for url, location := range map[string]string{
		"/api/city/rooms?sort=hunter2":                    "query.sort",
		"/api/city/rooms?zone=HUNTER2":                    "query.zone",
		"/api/city/rooms?zone=a.b":                        "query.zone",
		"/api/city/rooms?limit=hunter2":                   "query.limit",
		"/api/city/rooms?limit=0":                         "query.limit",
		"/api/city/rooms?limit=10001":                     "query.limit",
		"/api/city/rooms?offset=-1":                       "query.offset",
		"/api/city/rooms?live=hunter2":                    "query.live",
		"/api/city/rooms?q=" + strings.Repeat("é", 121):   "query.q",
		"/api/city/rooms?zone=" + strings.Repeat("a", 65): "query.zone",
	} {
		p := refused(t, w.do(http.MethodGet, url), http.StatusUnprocessableEntity, spaces.CodeInvalid)
		if len(p.Errors) != 1 || p.Errors[0].Location != location {
			t.Errorf("%s: got %+v, want location %s", url, p.Errors, location)
		}
		if strings.Contains(strings.ToLower(p.Detail), "hunter2") {
			t.Errorf("%s: the input is repeated: %s", url, p.Detail)
		}
		refused(t, w.do(http.MethodGet, url, "Authorization", "Bearer x"), http.StatusUnauthorized, spaces.CodeUnauthenticated)
	}
}

func TestKeysArePublic(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var set auth.JWKS
	w.get("/.well-known/jwks.json", &set)
	if len(set.Keys) != 1 || set.Keys[0] != w.auth.JWKS().Keys[0] {
		t.Errorf("got %+v", set)
	}
}
