package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"

	"presence/gateway/auth"
)

// proxyAddress is where a trusted proxy stands, so that a test can come from
// anywhere.
const proxyAddress = "127.0.0.77"

// post sends a request through the proxy, for somebody at an address.
func (s *fortress) post(t *testing.T, address, path, token, body string) answer {
	t.Helper()
	return s.ask(t, request{
		method: http.MethodPost, path: path, token: token, from: proxyAddress, body: strings.NewReader(body),
		header: map[string]string{"X-Forwarded-For": address, "Content-Type": "application/json"},
	})
}

// newGuest is the token and the subject of a new guest at an address.
func (s *fortress) newGuest(t *testing.T, address string) (token, subject string) {
	t.Helper()
	var made struct {
		Token  string
		Viewer struct{ Subject string }
	}
	if a := s.post(t, address, "/api/auth/guest", "", ""); json.Unmarshal(a.body, &made) != nil || made.Token == "" {
		t.Fatalf("a new guest: %d %s", a.status, a.body)
	}
	return made.Token, made.Viewer.Subject
}

func wantStatus(t *testing.T, what string, a answer, status int) {
	t.Helper()
	if a.status != status {
		t.Errorf("%s: %d %s, want %d", what, a.status, a.body, status)
	}
}

// many: one person who comes as many, and many who come from one address.
func (s *fortress) many(t *testing.T) {
	const lobby, lines = "/api/spaces/global/lobby", "/api/chat/global/lobby/messages?subspace=hoard"
	seat := func(name string) string {
		return `{"socket_id":"` + name + `","space_type":"global","space_id":"lobby","subspace":"hoard"}`
	}
	account := func(t *testing.T, name string) string { return s.own(t, auth.Grant{Subject: "hive:" + name}) }
	s.each(t, "many", 0, "9 guests from one address in one space, with `GUEST_SEATS_PER_ADDRESS=8`", func(t *testing.T) string {
		const address = "198.51.100.1"
		for i := range 8 {
			wantStatus(t, "a guest of a class", s.post(t, address, "/api/presence/sessions", "", seat(fmt.Sprint("g", i))), http.StatusOK)
		}
		said := refused(t, s.post(t, address, "/api/presence/sessions", "", seat("g8")), refusal{401, "unauthenticated", ""})
		wantStatus(t, "a neighbour with an account", s.post(t, address, "/api/presence/sessions", account(t, "neighbour"), seat("n")), http.StatusOK)
		wantStatus(t, "a guest from elsewhere", s.post(t, "198.51.100.2", "/api/presence/sessions", "", seat("e")), http.StatusOK)
		return said
	})
	s.each(t, "many", 1, "one person with 11 sessions in one space", func(t *testing.T) string {
		hoarder := account(t, "hoarder")
		for i := range 10 {
			wantStatus(t, "one of ten", s.post(t, "198.51.100.3", "/api/presence/sessions", hoarder, seat(fmt.Sprint("h", i))), http.StatusOK)
		}
		return refused(t, s.post(t, "198.51.100.3", "/api/presence/sessions", hoarder, seat("h10")), refusal{409, "conflict", ""})
	})
	s.each(t, "many", 2, "a banned guest who comes back as a new one", func(t *testing.T) string {
		const address = "198.51.100.4"
		token, subject := s.newGuest(t, address)
		wantStatus(t, "the guest", s.post(t, address, lobby+"/join", token, "{}"), http.StatusOK)
		admin := s.own(t, auth.Grant{Subject: "hive:warden", Roles: []string{"admin"}})
		wantStatus(t, "the ban", s.post(t, "", lobby+"/bans", admin, `{"subject":"`+subject+`","reason":"shouting"}`), http.StatusOK)
		wantStatus(t, "the banned", s.post(t, address, lobby+"/join", token, "{}"), http.StatusForbidden)
		again, _ := s.newGuest(t, address)
		said := refused(t, s.post(t, address, lobby+"/join", again, "{}"), refusal{401, "unauthenticated", ""})
		wantStatus(t, "a neighbour with an account", s.post(t, address, lobby+"/join", account(t, "quiet"), "{}"), http.StatusOK)
		wantStatus(t, "a guest from elsewhere", s.post(t, "198.51.100.5", lobby+"/join", "", "{}"), http.StatusOK)
		return moment.ReplaceAllString(said, "<time>")
	})
	s.each(t, "many", 3, "40 guests from one address who write 5 lines each", func(t *testing.T) string {
		const address = "198.51.100.6"
		var group errgroup.Group
		group.SetLimit(16) // faster than it is forgiven, also on a slow machine
		refusals := make(chan answer, 200)
		var tokens []string
		for range 40 {
			token, _ := s.newGuest(t, address)
			tokens = append(tokens, token)
		}
		for _, token := range tokens {
			for range 5 {
				group.Go(func() error {
					if a := s.post(t, address, lines, token, `{"content":"buy"}`); a.status != http.StatusOK {
						refusals <- a
					}
					return nil
				})
			}
		}
		_ = group.Wait()
		close(refusals)
		a, some := <-refusals
		if !some {
			t.Fatal("all of it is taken")
		}
		wantStatus(t, "a neighbour with an account", s.post(t, address, lines, account(t, "writer"), `{"content":"hello"}`), http.StatusOK)
		return seconds.ReplaceAllString(refused(t, a, refusal{429, "rate_limited", ""}), "<seconds>")
	})
}

// What differs from run to run in an answer.
var (
	moment  = regexp.MustCompile(`\d{4}-\d\d-\d\dT[0-9:]+Z`)
	seconds = regexp.MustCompile(`[0-9.]+ s`)
)
