package matrix_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"presence/aggregator/matrix"
	"presence/spaces"
)

// roundTrip is a homeserver in one function.
type roundTrip func(*http.Request) (status int, body string)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) {
	status, body := f(r)
	return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

// TestPowerLevels: the levels are read with whatever session the daemon has.
func TestPowerLevels(t *testing.T) {
	t.Parallel()
	var tokens []string
	answers := roundTrip(func(r *http.Request) (int, string) {
		tokens = append(tokens, strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
		switch {
		case strings.HasSuffix(r.Header.Get("Authorization"), "ended"):
			return http.StatusUnauthorized, `{"errcode":"M_UNKNOWN_TOKEN","error":"?"}`
		case strings.Contains(r.URL.Path, "m.room.create"):
			return http.StatusOK, `{"type":"m.room.create","state_key":"","sender":"@maker:hs","content":{"room_version":"11"}}`
		case strings.Contains(r.URL.Path, "!none:hs"):
			return http.StatusNotFound, `{"errcode":"M_NOT_FOUND","error":"?"}`
		case strings.Contains(r.URL.Path, "!private:hs"):
			return http.StatusForbidden, `{"errcode":"M_FORBIDDEN","error":"?"}`
		}
		return http.StatusOK, `{"users":{"@root:hs":100,"@mod:hs":50},"users_default":5}`
	})
	ask := func(token string, sessions *kept, room string) (map[string]int, int, error) {
		c, err := matrix.New(matrix.Config{Homeserver: "http://hs", UserID: "@presence:hs", AccessToken: token, Password: "secret", Transport: answers}, sessions)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		return c.PowerLevels(t.Context(), room)
	}
	saved := &kept{saved: true, session: matrix.Session{Homeserver: "http://hs", UserID: "@presence:hs", AccessToken: "saved"}}

	for _, token := range []string{"good", "", "ended"} {
		users, others, err := ask(token, saved, "!plaza:hs")
		if err != nil || len(users) != 2 || users["@root:hs"] != 100 || users["@mod:hs"] != 50 || others != 5 {
			t.Errorf("with token %q: %v, %d, %v", token, users, others, err)
		}
	}
	if got := strings.Join(tokens, " "); got != "good good saved saved ended saved saved" {
		t.Errorf("asked with %s", got)
	}
	if users, others, err := ask("good", saved, "!none:hs"); err != nil || len(users) != 1 || users["@maker:hs"] != 100 || others != 0 {
		t.Errorf("a room without levels: %v, %d, %v", users, others, err)
	}
	if _, _, err := ask("good", saved, "!private:hs"); matrix.Classify(err).Kind != matrix.Forbidden {
		t.Errorf("a room of others: %v", err)
	}
	if _, _, err := ask("", &kept{}, "!plaza:hs"); err == nil || spaces.ErrorCode(err) == "" {
		t.Errorf("before the daemon's first login: %v", err)
	}
}

// TestCreatorsOfRoomVersion12 stand above all levels, which do not name them.
func TestCreatorsOfRoomVersion12(t *testing.T) {
	t.Parallel()
	made := ""
	answers := roundTrip(func(r *http.Request) (int, string) {
		if !strings.Contains(r.URL.Path, "m.room.create") {
			return http.StatusOK, `{"users":{"@mod:hs":50}}`
		}
		if r.URL.Query().Get("format") != "event" {
			t.Errorf("asked for %s: the content does not say who made the room", r.URL)
		}
		return http.StatusOK, made
	})
	c, err := matrix.New(matrix.Config{Homeserver: "http://hs", UserID: "@presence:hs", AccessToken: "good", Transport: answers}, &kept{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ask := func(create string) map[string]int {
		made = create
		users, _, err := c.PowerLevels(t.Context(), "!plaza")
		if err != nil {
			t.Fatal(err)
		}
		return users
	}
	users := ask(`{"type":"m.room.create","state_key":"","sender":"@maker:hs","content":{"room_version":"12","additional_creators":["@friend:hs"]}}`)
	if len(users) != 3 || users["@maker:hs"] <= 100 || users["@friend:hs"] <= 100 || users["@mod:hs"] != 50 {
		t.Errorf("got %v", users)
	}
	if users := ask(`{"type":"m.room.create","state_key":"","sender":"@maker:hs","content":{"room_version":"11","additional_creators":["@friend:hs"]}}`); len(users) != 1 {
		t.Errorf("version 11 gives its creators %v", users)
	}
	if users := ask(`{"room_version":"12"}`); len(users) != 1 {
		t.Errorf("a homeserver that knows no format=event: %v", users)
	}
}
