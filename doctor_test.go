package main

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"maunium.net/go/mautrix/event"
)

// TestDoctor asks the doctor about a healthy set-up that never ran, and about
// one fault after the other.
func TestDoctor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	alice := w.register("alice")
	w.room(alice, "general")
	w.room(alice, "council")
	setPresence(t, alice, event.PresenceOnline)
	w.writeLinks(oneRoom)
	ask := func(args ...string) (string, error) {
		var out bytes.Buffer
		err := run(t.Context(), append([]string{
			"doctor", "--data=" + t.TempDir(), "--homeserver=" + w.hs.URL(), "--matrix-token=" + w.daemon, "--links-file=" + w.links,
		}, args...), &out, io.Discard)
		return out.String(), err
	}
	says := func(text string, err error, wantErr error, want ...string) {
		t.Helper()
		if !errors.Is(err, wantErr) {
			t.Errorf("got error %v, want %v\n%s", err, wantErr, text)
		}
		for _, line := range want {
			if !strings.Contains(text, line) {
				t.Errorf("the doctor does not say %q:\n%s", line, text)
			}
		}
	}

	text, err := ask()
	says(text, err, nil, "ok    token       the daemon is @presence_daemon:localhost", "ok    presence", "ok    links       2 linked",
		"2 of 2 are not joined yet: general, council", "All is well")
	text, err = ask("--matrix-token=wrong")
	says(text, err, errUnhealthy, "FAIL  token", "skip  rooms")
	text, err = ask("--matrix-token=wrong", "--matrix-user=@presence_daemon:localhost", "--matrix-password=password-of-presence_daemon")
	says(text, err, errUnhealthy, "FAIL  token", "MATRIX_ACCESS_TOKEN is refused")
	text, err = ask("--nats=nats://127.0.0.1:1")
	says(text, err, errUnhealthy, "FAIL  NATS", "check NATS_URL")
	text, err = ask("--links-file=testdata/unknown_key.yaml")
	says(text, err, errUnhealthy, "FAIL  links", "colour")
	w.writeLinks(strings.ReplaceAll(oneRoom, "#city_council", "#city_nowhere"))
	text, err = ask()
	says(text, err, errUnhealthy, "FAIL  rooms       no such room: council (#city_nowhere:localhost)")
}

// TestDoctorKeepsPasswords: what does not speak Matrix gets no credential.
func TestDoctorKeepsPasswords(t *testing.T) {
	t.Parallel()
	var posts atomic.Int64
	stranger := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost || r.Header.Get("Authorization") != "" {
			posts.Add(1)
		}
		_, _ = io.WriteString(w, "<html>a web page</html>")
	}))
	defer stranger.Close()
	var out bytes.Buffer
	err := run(t.Context(), []string{
		"doctor", "--data=" + t.TempDir(), "--homeserver=" + stranger.URL, "--matrix-user=@a:b", "--matrix-password=hidden", "--matrix-token=hidden",
	}, &out, io.Discard)
	if !errors.Is(err, errUnhealthy) || !strings.Contains(out.String(), "something that is not Matrix") {
		t.Errorf("got %v:\n%s", err, out.String())
	}
	elsewhere := httptest.NewServer(http.RedirectHandler(stranger.URL+"/elsewhere", http.StatusPermanentRedirect))
	defer elsewhere.Close()
	err = run(t.Context(), []string{
		"doctor", "--data=" + t.TempDir(), "--homeserver=" + elsewhere.URL, "--matrix-user=@a:b", "--matrix-password=hidden",
	}, &out, io.Discard)
	if !errors.Is(err, errUnhealthy) || !strings.Contains(out.String(), "redirects to "+stranger.URL+"/elsewhere") {
		t.Errorf("got %v:\n%s", err, out.String())
	}
	if posts.Load() > 0 || strings.Contains(out.String(), "hidden") {
		t.Errorf("%d requests carried a credential:\n%s", posts.Load(), out.String())
	}
}
