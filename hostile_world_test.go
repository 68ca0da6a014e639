package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"presence/synthetic"
)

// siege is one whole program under attack: a homeserver that can be made to
// misbehave, and one well-behaved feed that must go on getting fresh numbers
// whatever else happens.
type siege struct {
	*program

	hs      *synthetic.Server
	general string // the room of the well-behaved feed
	links   string // the YAML file

	began  atomic.Int64 // heartbeats
	heart  sync.Mutex   // guards feed and people
	feed   *feed
	people int          // in general
	shown  atomic.Int64 // of them, as last told by the feed

	mu       sync.Mutex // guards what follows
	rows     []row
	expected map[string]float64 // counters at the end
}

const besiegedLinks = `
rooms:
  - {slug: general, matrix_room_id: "%s"}
  - {slug: council, matrix_room_id: "%s", is_public: false, microdao_id: council}
  - {slug: plaza, matrix_room_id: "%s"}
`

// newSiege starts the program, one resident in the room general, and the feed.
func newSiege(t *testing.T, extra ...string) *siege {
	t.Helper()
	hs := synthetic.New("localhost", synthetic.Quirks{})
	t.Cleanup(hs.Close)
	server := httptest.NewServer(hs)
	t.Cleanup(server.Close)
	s := &siege{hs: hs, links: filepath.Join(t.TempDir(), "links.yaml"), expected: map[string]float64{}}
	s.general = hs.CreateRoom("")
	s.writeLinks(t, fmt.Sprintf(besiegedLinks, s.general, hs.CreateRoom(""), hs.CreateRoom("#plaza:localhost")))
	s.program = startProgram(t, append([]string{
		"serve", "--homeserver=" + server.URL, "--matrix-user=" + hs.AddUser("presence_daemon"), "--matrix-password=secret",
		"--links-file=" + s.links, "--data=" + filepath.Join(t.TempDir(), "presence"),
		"--listen=127.0.0.1:0", "--throttle-ms=20", "--grace-ms=0", "--log-level=debug",
	}, extra...))
	s.feed = s.program.feed(s.guest())
	s.beat(t)
	return s
}

func (s *siege) writeLinks(t *testing.T, yaml string) {
	t.Helper()
	// Renamed into place, so that the program never reads half of it.
	if err := os.WriteFile(s.links+".new", []byte(yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(s.links+".new", s.links); err != nil {
		t.Fatal(err)
	}
}

// beat lets one more person in and waits until the well-behaved feed says so:
// a number that nobody was ever told before. Those who ask meanwhile share the
// next one.
func (s *siege) beat(t *testing.T) {
	t.Helper()
	asked := s.began.Load()
	s.heart.Lock()
	defer s.heart.Unlock()
	if s.began.Load() > asked {
		return
	}
	s.began.Add(1)
	s.people++
	resident := s.hs.AddUser("resident" + strconv.Itoa(s.people))
	s.hs.SetPresence(resident, "online")
	s.hs.Join(resident, s.general)
	s.feed.t = t
	s.feed.until("general", fmt.Sprintf("%d people", s.people), func(r roomCounts) bool { return r.Online == s.people && !r.Stale })
	s.shown.Store(int64(s.people))
}

// stays checks that the room has its last number, also while nobody knows it
// better.
func (s *siege) stays(t *testing.T) {
	t.Helper()
	var rooms []struct {
		Slug   string
		Online *int `json:"members_online"`
	}
	last := int(s.shown.Load())
	s.getJSON(t, "/city/rooms", &rooms)
	for _, r := range rooms {
		if r.Slug == "general" && r.Online != nil && *r.Online >= last {
			return
		}
	}
	t.Errorf("the last number, %d people in general, is gone: %+v", last, rooms)
}

func (s *siege) getJSON(t *testing.T, path string, into any) {
	t.Helper()
	answer := s.ask(t, request{path: path})
	if answer.status != http.StatusOK {
		t.Fatalf("GET %s: %d %s", path, answer.status, answer.body)
	}
	if err := json.Unmarshal(answer.body, into); err != nil {
		t.Fatalf("GET %s: %v", path, err)
	}
}

// request is one HTTP request; the zero method is GET.
type request struct {
	method, path, token string
	header              map[string]string
	body                io.Reader
	from                string // address to ask from, loopback; empty: any
}

type answer struct {
	status int
	header http.Header
	body   []byte
}

func (s *siege) ask(t *testing.T, r request) answer {
	t.Helper()
	method := r.method
	if method == "" {
		method = http.MethodGet
	}
	req, err := http.NewRequestWithContext(t.Context(), method, s.base+r.path, r.body)
	if err != nil {
		t.Fatal(err)
	}
	if r.token != "" {
		req.Header.Set("Authorization", "Bearer "+r.token)
	}
	for key, value := range r.header {
		req.Header.Set(key, value)
	}
	transport := &http.Transport{DisableKeepAlives: true}
	if r.from != "" {
		transport.DialContext = (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(r.from)}}).DialContext
	}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		t.Fatalf("%s %s: %v", method, r.path, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, r.path, err)
	}
	return answer{status: resp.StatusCode, header: resp.Header, body: body}
}

// refusal is what a refused request must say: a status, and in the one form a
// code and the input at fault.
type refusal struct {
	status int
	code   string
	field  string
}

// refused checks an answer and returns it as the table shows it.
func refused(t *testing.T, a answer, want refusal) string {
	t.Helper()
	var p struct {
		Status              int
		Code, Detail, Error string
		Errors              []struct{ Location, Message string }
	}
	if err := json.Unmarshal(a.body, &p); err != nil {
		t.Fatalf("status %d, not the one form of refusal: %q", a.status, a.body)
	}
	field := ""
	if len(p.Errors) > 0 {
		field = p.Errors[0].Location
	}
	got := refusal{a.status, p.Code, field}
	if got != want || p.Status != a.status || p.Detail == "" || p.Error != p.Detail || a.header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("got  %+v %s\nwant %+v", got, a.body, want)
	}
	clean(t, string(a.body))
	text := fmt.Sprintf("`%d` `%s`", a.status, p.Code)
	if field != "" {
		text += " `" + field + "`"
	}
	return text + ": " + p.Detail
}

// leaks is what nobody outside may read: tokens, traces, paths, the words of
// drivers and of other systems.
var leaks = regexp.MustCompile(`eyJ[\w-]{8,}|\b(?:token|refresh)\d+\b|goroutine \d|\.go:\d|panic|runtime error|(?i:sqlite|pgx|postgres)|/tmp/|https?://127|(?:<|\\u003c)html|_matrix/client|next_batch`)

func clean(t *testing.T, said string) {
	t.Helper()
	if found := leaks.FindString(said); found != "" {
		t.Errorf("%q leaks out in: %s", found, said)
	}
}

// metric reads a counter or gauge of the program; 0 when it has none.
func (s *siege) metric(t *testing.T, name string) float64 {
	t.Helper()
	for line := range strings.Lines(string(s.ask(t, request{path: "/metrics"}).body)) {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			number, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			if err != nil {
				t.Fatal(err)
			}
			return number
		}
	}
	return 0
}

// eventually waits until the metric satisfies the condition.
func (s *siege) eventually(t *testing.T, name, what string, holds func(float64) bool) {
	t.Helper()
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	deadline := time.Now().Add(patience)
	for {
		is := s.metric(t, name)
		if holds(is) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s is %v, want %s", name, is, what)
		}
		<-look.C
	}
}

func (s *siege) grows(t *testing.T, name string, from float64) {
	t.Helper()
	s.eventually(t, name, fmt.Sprintf("more than %v", from), func(is float64) bool { return is > from })
}

// expect notes that a counter has to grow by one; aftermath checks.
func (s *siege) expect(counter string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expected[counter]++
}

// aftermath: everything was counted, nobody is left, the log is readable and
// holds no secret, and the page of the documentation is true.
func (s *siege) aftermath(t *testing.T) {
	t.Helper()
	for counter, n := range s.expected {
		s.eventually(t, counter, fmt.Sprint(n), func(is float64) bool { return is == n })
	}
	s.eventually(t, `presence_city_sockets{format="v1"}`, "the well-behaved one", func(is float64) bool { return is == 1 })
	s.eventually(t, "presence_city_event_streams", "none", func(is float64) bool { return is == 0 })
	for _, never := range []string{"presence_http_panics_total", "presence_city_panics_total", "presence_aggregator_publish_errors_total", "presence_aggregator_save_errors_total"} {
		s.eventually(t, never, "0", func(is float64) bool { return is == 0 })
	}
	s.beat(t)
	s.readableLog(t)
	s.documented(t)
}

var logLine = regexp.MustCompile(`^\d\d:\d\d:\d\d(?:\.\d+)? (?:DBG|INF|WRN|ERR) [^\x00-\x08\x0b-\x1f\x7f]*\n$`)

func (s *siege) readableLog(t *testing.T) {
	t.Helper()
	secrets := regexp.MustCompile(`eyJ[\w-]{8,}|\b(?:token|refresh)\d+\b|goroutine \d|` + besiegedSecret)
	for line := range strings.Lines(s.logs.String()) {
		if !logLine.MatchString(line) {
			t.Errorf("not a log line: %q", line)
		}
		if found := secrets.FindString(line); found != "" {
			t.Errorf("%q is in the log: %s", found, line)
		}
	}
}
