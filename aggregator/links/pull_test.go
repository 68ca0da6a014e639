package links_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"presence/aggregator/links"
	"presence/spaces"
	"presence/spaces/store"
)

// service is a city service whose answer a test changes; its fields are
// guarded by mu. It answers in memory, so that time can be synthetic.
type service struct {
	mu       sync.Mutex
	body     string
	status   int
	requests []*http.Request
}

func (s *service) answer(status int, body string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status, s.body = status, body
}

func (s *service) asked() []*http.Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests
}

func (s *service) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, r)
	if s.status == 0 {
		return nil, io.ErrUnexpectedEOF
	}
	return &http.Response{
		StatusCode: s.status, Header: http.Header{"Location": {"http://elsewhere/"}}, Request: r,
		Body: io.NopCloser(strings.NewReader(s.body)),
	}, nil
}

// run starts a poller and stops it when the test ends.
func run(t *testing.T, cfg links.Config, s *store.Store, log *slog.Logger) *prometheus.Registry {
	t.Helper()
	reg := prometheus.NewPedanticRegistry()
	p, err := links.New(cfg, s, log, reg)
	ok(t, err)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- p.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return reg
}

// pulling runs test against a city service, in synthetic time.
func pulling(t *testing.T, first string, test func(t *testing.T, city *service, s *store.Store, log *journal, reg *prometheus.Registry)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		city, s, log := &service{status: http.StatusOK, body: first}, openStore(t), &journal{}
		reg := run(t, links.Config{URL: "http://city/base/", Key: "sesame", Transport: city}, s, log.logger())
		settle(0)
		test(t, city, s, log, reg)
	})
}

// settle lets time pass and everything that is due then happen.
func settle(pass time.Duration) {
	time.Sleep(pass) // synthetic
	synctest.Wait()
}

const two = `[{"slug":"a","matrix_room_id":"!a:x"},{"slug":"b","matrix_room_alias":"#b:x","is_public":false}]`

func TestPull(t *testing.T) {
	pulling(t, two, func(t *testing.T, city *service, s *store.Store, log *journal, _ *prometheus.Registry) {
		got, err := s.Links(t.Context())
		ok(t, err)
		if join(got) != "a b" || !got[0].Public || got[1].Public || got[1].Alias != "#b:x" {
			t.Fatalf("links %+v", got)
		}
		request := city.asked()[0]
		if request.URL.String() != "http://city/base/internal/city/rooms" || request.Header.Get("X-Internal-API-Key") != "sesame" {
			t.Fatalf("asked %s with %v", request.URL, request.Header)
		}
		city.answer(http.StatusOK, `{"rooms":[{"slug":"b","matrix_room_id":"!b:x"},{"slug":"c","matrix_room_id":"!c:x"}],"total":2}`)
		settle(5*time.Minute - time.Second)
		if got := slugs(t, s); got != "a b" {
			t.Fatalf("links %q before the time of the second pull", got)
		}
		settle(2 * time.Second)
		if got := slugs(t, s); got != "b c" {
			t.Fatalf("links %q", got)
		}
		if log.count("level=WARN") != 0 || log.count("sesame") != 0 {
			t.Fatal(log.text.String())
		}
	})
}

// TestPullFailures: whatever a city service does, the links stay as they are;
// it is counted every time and logged once.
func TestPullFailures(t *testing.T) {
	for name, c := range map[string]struct {
		status         int
		body, says     string
		outcome, never string
	}{
		"away":            {0, "", "does not answer", "failed", ""},
		"refuses":         {http.StatusForbidden, two, "INTERNAL_API_KEY", "failed", ""},
		"has no rooms":    {http.StatusNotFound, two, "404", "failed", ""},
		"breaks":          {http.StatusBadGateway, "<html>", "502", "failed", ""},
		"redirects":       {http.StatusFound, "", "redirects are not followed", "failed", ""},
		"HTML":            {http.StatusOK, "\n <!doctype html><title>Log in</title>", "HTML", "failed", "Log in"},
		"empty array":     {http.StatusOK, "[]", "no usable room", "empty", ""},
		"empty object":    {http.StatusOK, `{"rooms":[]}`, "no usable room", "empty", ""},
		"nothing usable":  {http.StatusOK, `[{"slug":"A"}]`, "no usable room", "empty", ""},
		"no body":         {http.StatusOK, "", "neither a JSON array", "failed", ""},
		"other object":    {http.StatusOK, `{"detail":"no"}`, "neither a JSON array", "failed", ""},
		"null":            {http.StatusOK, `null`, "neither a JSON array", "failed", ""},
		"null rooms":      {http.StatusOK, `{"rooms":null}`, "neither a JSON array", "failed", ""},
		"half an answer":  {http.StatusOK, two[:40], "neither a JSON array", "failed", ""},
		"far too large":   {http.StatusOK, "[" + strings.Repeat(" ", 16<<20) + "]", "larger than", "failed", ""},
		"text after JSON": {http.StatusOK, two + "x", "neither a JSON array", "failed", ""},
	} {
		t.Run(name, func(t *testing.T) {
			pulling(t, two, func(t *testing.T, city *service, s *store.Store, log *journal, reg *prometheus.Registry) {
				city.answer(c.status, c.body)
				settle(20 * time.Minute)
				if got := slugs(t, s); got != "a b" {
					t.Fatalf("links %q", got)
				}
				if log.count("links cannot be read") != 1 || log.count(c.says) == 0 || c.never != "" && log.count(c.never) != 0 {
					t.Fatal(log.text.String())
				}
				if failures := counted(t, reg, "presence_links_reads_total", c.outcome); failures < 8 {
					t.Fatalf("%v failures counted", failures)
				}
				city.answer(http.StatusOK, `[{"slug":"c","matrix_room_id":"!c:x"}]`)
				settle(5 * time.Minute)
				if got := slugs(t, s); got != "c" || log.count("following links") != 2 {
					t.Fatalf("links %q after recovery\n%s", got, log.text.String())
				}
			})
		})
	}
}

// counted adds up the series of a counter that have a label of this value.
func counted(t *testing.T, reg *prometheus.Registry, name, value string) (count float64) {
	t.Helper()
	families, err := reg.Gather()
	ok(t, err)
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			for _, label := range metric.GetLabel() {
				if family.GetName() == name && label.GetValue() == value {
					count += metric.GetCounter().GetValue()
				}
			}
		}
	}
	return count
}

// TestPullRetriesSoon: a city service that starts after us is heard in
// seconds, not after five minutes.
func TestPullRetriesSoon(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		city, s := &service{}, openStore(t)
		run(t, links.Config{URL: "http://city", Transport: city}, s, slog.New(slog.DiscardHandler))
		settle(5 * time.Second)
		city.answer(http.StatusOK, two)
		settle(5 * time.Second)
		if got := slugs(t, s); got != "a b" {
			t.Fatalf("links %q", got)
		}
	})
}

// TestPullTimesOut: a service that accepts and says nothing is away, too.
func TestPullTimesOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log := &journal{}
		run(t, links.Config{URL: "http://city", Transport: silent{}}, openStore(t), log.logger())
		settle(time.Minute)
		if log.count("does not answer") == 0 {
			t.Fatal(log.text.String())
		}
	})
}

type silent struct{}

func (silent) RoundTrip(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// TestPullDropsBadRooms: one bad room is dropped with its reason and does not
// take the others along; one that was good before keeps its link.
func TestPullDropsBadRooms(t *testing.T) {
	const first = `[{"slug":"a","matrix_room_id":"!a:x"},{"slug":"b","matrix_room_id":"!b:x"}]`
	pulling(t, first, func(t *testing.T, city *service, s *store.Store, log *journal, reg *prometheus.Registry) {
		const second = `[
			{"slug":"a","matrix_room_id":"!a:x","zone":"far north"},
			{"slug":"a.b","matrix_room_id":"!ab:x"},
			{"slug":"city:general","matrix_room_id":"!cg:x"},
			{"slug":"площа","matrix_room_id":"!p:x"},
			{"slug":"typed","matrix_room_id":7},
			{"slug":"nowhere","matrix_room_id":null,"matrix_room_alias":null},
			{"slug":"named","matrix_room_id":"!n:x","name":"a\u0000b"},
			{"slug":"placed","matrix_room_id":"!m:x","map_x":9223372036854775807,"map_y":0},
			{"slug":"twin","matrix_room_id":"!c:x"},
			{"slug":"c","matrix_room_id":"!c:x"},
			{"slug":"twin","matrix_room_id":"!d:x"},
			{"slug":"painted","matrix_room_id":"!e:x","color":"bg-cyan-500/50"},
			"general", null, [], 7,
			{"slug":"worded","matrix_room_id":"!f:x","color":"cyan","extra":{"x":1},"map":{"x":3,"y":1,"w":2,"h":1},"name":null}
		]`
		city.answer(http.StatusOK, second)
		settle(time.Hour)
		if got := slugs(t, s); got != "a painted twin worded" {
			t.Fatalf("links %q\n%s", got, log.text.String())
		}
		stored, err := s.Links(t.Context())
		ok(t, err)
		worded := stored[len(stored)-1] // in the order of slugs, as above
		if worded.Color != "#06b6d4" || worded.Map != (spaces.Rect{X: 3, Y: 1, W: 2, H: 1}) || worded.Name != "worded" {
			t.Fatalf("worded %+v", worded)
		}
		if log.count("not in the city as their source says") != 1 {
			t.Fatal(log.text.String())
		}
		for _, reason := range []string{"rooms[0] a: zone", "rooms[4] typed: matrix_room_id: must be text", "painted: color", "named: name", "twin: slug", "c: matrix_room_id"} {
			if log.count(reason) != 1 {
				t.Errorf("%q is not in the log once: %s", reason, log.text.String())
			}
		}
		for _, field := range []string{"slug", "matrix_room_id", "name", "zone", "map", "color", "rooms"} {
			if counted(t, reg, "presence_links_faults_total", field) == 0 {
				t.Errorf("no fault of the field %s was counted", field)
			}
		}
	})
}

// TestPullManyRooms: nothing stops at a hundred.
func TestPullManyRooms(t *testing.T) {
	rooms := make([]string, 350)
	for i := range rooms {
		rooms[i] = fmt.Sprintf(`{"slug":"room-%d","matrix_room_id":"!%d:x"}`, i, i)
	}
	pulling(t, "["+strings.Join(rooms, ",")+"]", func(t *testing.T, _ *service, s *store.Store, _ *journal, _ *prometheus.Registry) {
		if got := len(strings.Fields(slugs(t, s))); got != len(rooms) {
			t.Fatalf("%d links, want %d", got, len(rooms))
		}
	})
}

// TestOverHTTP pulls over a real connection and leaves no goroutine behind.
func TestOverHTTP(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, two)
	}))
	t.Cleanup(server.Close)
	s := openStore(t)
	run(t, links.Config{URL: server.URL}, s, slog.New(slog.DiscardHandler))
	eventually(t, func() bool { return slugs(t, s) == "a b" })
}

func eventually(t *testing.T, happened func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(time.Minute)
	for !happened() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("it did not happen")
		}
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	bad := filepath.Join(t.TempDir(), "bad.yaml")
	ok(t, os.WriteFile(bad, []byte("rooms:\n- slg: a"), 0o600))
	for name, cfg := range map[string]links.Config{
		"missing file": {File: bad + ".none"},
		"bad file":     {File: bad},
		"no scheme":    {URL: "city:8080"},
		"other scheme": {URL: "ftp://city"},
		"no host":      {URL: "http://"},
		"not a URL":    {URL: "http://a b"},
	} {
		if _, err := links.New(cfg, openStore(t), slog.New(slog.DiscardHandler), prometheus.NewRegistry()); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
