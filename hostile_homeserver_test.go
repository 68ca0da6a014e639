package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"presence/synthetic"
)

// TestHostileSources lets everything the program listens to misbehave: the
// homeserver, the city service and the file of links. Numbers and rooms stay
// meanwhile, the fault is counted, and afterwards the feed follows again.
func TestHostileSources(t *testing.T) {
	t.Parallel()
	service := newCityService(t)
	s := newSiege(t, "--jwt-secret="+besiegedSecret, "--internal-key="+besiegedKey, "--city-service="+service.url, "--links-refresh-s=1")
	service.room = s.hs.CreateRoom("")
	t.Run("attacks", func(t *testing.T) {
		for name, attack := range map[string]func(*testing.T){
			"homeserver": s.homeserver, "links file": s.linksFile,
			"city service": func(t *testing.T) { s.cityService(t, service) },
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				attack(t)
			})
		}
	})
	s.aftermath(t)
}

const syncErrors = "presence_aggregator_sync_errors_total"

// answer is a fault that replaces the homeserver's answer by a text.
func says(status int, body string) synthetic.Fault {
	return synthetic.Fault{Status: status, Body: body}
}

// homeserver fails its polls one after the other: they are one stream.
func (s *siege) homeserver(t *testing.T) {
	const dropped = `presence_aggregator_dropped_total{section="%s"}`
	for i, c := range []struct {
		tried   string
		faults  []synthetic.Fault
		counter string
	}{
		{"an HTML page with 200", []synthetic.Fault{synthetic.HTML(200)}, syncErrors},
		{"an HTML page with 502", []synthetic.Fault{synthetic.HTML(502)}, syncErrors},
		{"JSON cut off", []synthetic.Fault{says(200, `{"next_batch":"s0_2","rooms":{"join":{"!room`)}, syncErrors},
		{"nothing", []synthetic.Fault{says(200, "")}, syncErrors},
		{"a JSON array", []synthetic.Fault{says(200, `[]`)}, syncErrors},
		{"`next_batch` as a number", []synthetic.Fault{says(200, `{"next_batch":5}`)}, syncErrors},
		{"half a million open brackets", []synthetic.Fault{says(200, `{"next_batch":"s0_2","rooms":`+strings.Repeat("[", 500_000))}, syncErrors},
		{
			"wrong types everywhere",
			[]synthetic.Fault{says(200, `{"next_batch":"s0_2","presence":{"events":[null,7,{"type":"m.presence","sender":5}]},"rooms":{"join":{"no room":{},"!a:b":7,"!c:d":{"timeline":[],"state":{"events":{}}}},"leave":[1],"invite":"x"}}`)},
			fmt.Sprintf(dropped, "presence"),
		},
		{
			"member and typing events of wrong types",
			[]synthetic.Fault{says(200, fmt.Sprintf(`{"next_batch":"s0_2","rooms":{"join":{%q:{"state":{"events":["x",{"type":"m.room.member","state_key":"@a\u0000b:c","content":{"membership":"join"}},{"type":"m.room.member","state_key":"@a:b","content":{"membership":[]}}]},"ephemeral":{"events":[{"type":"m.typing","content":{"user_ids":[5,"nobody",{}]}},{"type":"m.receipt","content":{"$e":7}}]}}}}}`, s.general))},
			fmt.Sprintf(dropped, "ephemeral"),
		},
		{"401 of a proxy (no Matrix error)", []synthetic.Fault{says(401, `{"message":"who are you"}`)}, syncErrors},
		{"401 `M_UNKNOWN_TOKEN`", []synthetic.Fault{synthetic.Refuse(401, "M_UNKNOWN_TOKEN")}, syncErrors},
		{"403 `M_FORBIDDEN`", []synthetic.Fault{synthetic.Refuse(403, "M_FORBIDDEN")}, syncErrors},
		{"404 `M_UNRECOGNIZED`", []synthetic.Fault{synthetic.Refuse(404, "M_UNRECOGNIZED")}, syncErrors},
		{"429 `M_LIMIT_EXCEEDED`", []synthetic.Fault{synthetic.RateLimited(100*time.Millisecond, false)}, syncErrors},
		{"a storm of 500", []synthetic.Fault{synthetic.Refuse(500, "M_UNKNOWN"), synthetic.Refuse(500, "M_UNKNOWN")}, syncErrors},
		{"an answer lost on the way", []synthetic.Fault{{Lost: true}}, syncErrors},
		{"the same answer, and then the same token, again and again", []synthetic.Fault{{Repeat: true}, {SameToken: true}, {SameToken: true}, {SameToken: true}}, ""},
		{"an answer of 11 MB", []synthetic.Fault{{Padding: 11 << 20}}, "presence_aggregator_sync_bytes_total"},
	} {
		s.fails(t, i, c.tried, c.counter, c.faults)
	}
}

// fails lets the next polls fail and shows that nobody sees more of it than
// numbers that stay.
func (s *siege) fails(t *testing.T, index int, tried, counter string, faults []synthetic.Fault) {
	t.Run(tried, func(t *testing.T) {
		var before float64
		if counter != "" {
			before = s.metric(t, counter)
		}
		answer := "the numbers stay; asked again"
		s.hs.Fail("sync", faults...)
		if counter != "" {
			grown := before + 0.5
			if strings.HasSuffix(counter, "bytes_total") {
				grown, answer = before+11<<20, "taken like any other"
			} else {
				answer += "; `" + counter + "`"
			}
			s.eventually(t, counter, "to grow", func(is float64) bool {
				s.hs.SetPresence("@resident1:localhost", "online") // ends the poll that runs now
				return is > grown
			})
		}
		s.unsaid(t)
		s.stays(t)
		s.beat(t)
		s.note("homeserver", index, tried, answer)
	})
}

// unsaid: what the homeserver says wrong is for the log, not for the public.
func (s *siege) unsaid(t *testing.T) {
	t.Helper()
	for _, path := range []string{"/status", "/presence/summary"} {
		clean(t, string(s.ask(t, request{path: path}).body))
	}
}

// linksFile: a file with a fault stops the start; once the program runs, the
// links stay as they are.
func (s *siege) linksFile(t *testing.T) {
	room := func(fields string) string { return "rooms:\n  - {slug: one, matrix_room_id: \"!a:b\"" + fields + "}\n" }
	two := func(second string) string { return room(`, map: {x: 0, y: 0, w: 2, h: 2}`) + "  - {" + second + "}\n" }
	for i, c := range []struct{ tried, text, want string }{
		{"an unknown key", room(", colour: red"), "colour: line 2: unknown key"},
		{"an unknown key of the file", "room: []\n", "room: line 1: unknown key"},
		{"a key twice", room(", name: a, name: b"), "name: line 2: stands twice"},
		{"a slug twice", two(`slug: one, matrix_room_id: "!c:d"`), "used by two links"},
		{"a Matrix room twice", two(`slug: two, matrix_room_id: "!a:b"`), "one and two are both linked to !a:b"},
		{"places that overlap", two(`slug: two, matrix_room_id: "!c:d", map: {x: 1, y: 1, w: 1, h: 1}`), "two overlaps one"},
		{"a place of a billion cells", room(", map: {x: 0, y: 0, w: 1000000000, h: 1}"), "map: line 2: x, y, w and h must be between"},
		{"a number that is text", room(", map_x: many, map_y: 0"), "map_x: line 2: must be a whole number"},
		{"a room id that is a YAML tag", "rooms:\n  - {slug: one, matrix_room_id: !a:b }\n", "must be quoted"},
		{"a slug with a dot", "rooms:\n  - {slug: a.b, matrix_room_id: \"!a:b\"}\n", `slug: line 2: "a.b": only a-z`},
		{"a slug with a colon", "rooms:\n  - {slug: \"a:b\", matrix_room_id: \"!a:b\"}\n", `slug: line 2: "a:b": only a-z`},
		{"a slug with a space", "rooms:\n  - {slug: a b, matrix_room_id: \"!a:b\"}\n", `slug: line 2: "a b": only a-z`},
		{"a slug in another script", "rooms:\n  - {slug: площадь, matrix_room_id: \"!a:b\"}\n", `only a-z`},
		{"a slug with NUL", "rooms:\n  - {slug: \"a\\0b\", matrix_room_id: \"!a:b\"}\n", `only a-z`},
		{"a name with a line break", room(`, name: "a\nb"`), "name: line 2: must not contain control characters"},
		{"a room id with a space", "rooms:\n  - {slug: one, matrix_room_id: \"!a b:c\"}\n", "is not a Matrix room id"},
		{"an alias without a server", "rooms:\n  - {slug: one, matrix_room_alias: \"#one\"}\n", "is not a Matrix room alias"},
		{"neither room nor alias", "rooms:\n  - {slug: one}\n", "give matrix_room_id"},
		{"two documents", room("") + "---\nrooms: []\n", "more than one YAML document"},
		{"aliases of aliases of aliases", "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nrooms: [*c, *c]\n", "unknown key"},
		{"no YAML", "rooms: [", "not YAML"},
		{"an empty file", "", "the file is empty"},
		{"9 MB", "rooms: []\n#" + strings.Repeat("x", 9<<20), "is larger than"},
	} {
		t.Run(c.tried, func(t *testing.T) {
			said := refusesLinks(t, c.text)
			if !strings.Contains(said, c.want) {
				t.Errorf("said %q, want …%s…", said, c.want)
			}
			s.note("links file", i, c.tried, said)
		})
	}
	t.Run("while running", func(t *testing.T) {
		const failed = `presence_links_reads_total{origin="yaml",outcome="failed"}`
		before := s.metric(t, failed)
		s.writeLinks(t, room(", colour: red"))
		s.grows(t, failed, before)
		s.stays(t)
		s.beat(t)
		if !strings.Contains(s.logs.String(), "colour: line 2: unknown key") {
			t.Error("the log does not say why")
		}
		s.note("links file", 100, "any of these while the program runs", "the log says the same, the links stay; `"+failed+"`")
	})
}

// refusesLinks starts the program with a file and returns what it says of it,
// without the file's name.
func refusesLinks(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "links.yaml")
	(&siege{links: name}).writeLinks(t, text)
	err := run(t.Context(), []string{
		"serve", "--homeserver=http://127.0.0.1:1", "--matrix-token=t", "--links-file=" + name, "--data=" + t.TempDir(), "--listen=127.0.0.1:0",
	}, io.Discard, io.Discard)
	if err == nil {
		t.Fatal("the program started")
	}
	return strings.TrimPrefix(strings.ReplaceAll(err.Error(), name, "links.yaml"), "links.yaml: ")
}

// cityService lists the rooms of the city, or says what a test wants it to.
type cityService struct {
	url  string
	room string // the Matrix room of its one place, harbour
	says atomic.Pointer[synthetic.Fault]
}

func newCityService(t *testing.T) *cityService {
	t.Helper()
	c := &cityService{}
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	c.url = server.URL
	return c
}

// ServeHTTP answers the pull.
func (c *cityService) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("X-Internal-API-Key") != besiegedKey {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	answer := synthetic.Fault{Status: http.StatusOK, Body: fmt.Sprintf(`[{"slug":"harbour","matrix_room_id":%q}]`, c.room)}
	if fault := c.says.Load(); fault != nil {
		answer = *fault
	}
	for key, value := range answer.Header {
		w.Header().Set(key, value)
	}
	w.WriteHeader(answer.Status)
	_, _ = io.WriteString(w, answer.Body)
}

func (s *siege) cityService(t *testing.T, service *cityService) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a redirect was followed, with the key") }))
	defer elsewhere.Close()
	s.hasHarbour(t)
	const reads = `presence_links_reads_total{origin="http",outcome="%s"}`
	for i, c := range []struct {
		tried   string
		answer  synthetic.Fault
		outcome string
	}{
		{"an HTML page", synthetic.HTML(200), "failed"},
		{"an empty list", says(200, `[]`), "empty"},
		{"500", says(500, `{}`), "failed"},
		{"a redirect to another host", synthetic.Fault{Status: 302, Header: map[string]string{"Location": elsewhere.URL}}, "failed"},
		{"17 MB", says(200, `[{"slug":"`+strings.Repeat("x", 17<<20)+`"}]`), "failed"},
	} {
		t.Run(c.tried, func(t *testing.T) {
			counter := fmt.Sprintf(reads, c.outcome)
			before := s.metric(t, counter)
			service.says.Store(&c.answer)
			s.grows(t, counter, before)
			s.hasHarbour(t)
			s.beat(t)
			s.note("city service", i, c.tried, "unlinks nothing; `"+counter+"`")
		})
	}
	t.Run("names", func(t *testing.T) { s.oddRooms(t, service) })
}

// oddRooms: of a list with faults, the rooms without one are taken.
func (s *siege) oddRooms(t *testing.T, service *cityService) {
	rooms := []string{fmt.Sprintf(`{"slug":"harbour","matrix_room_id":%q}`, service.room)}
	faults := map[string]float64{}
	for i, c := range []struct{ tried, room, field string }{
		{"a slug with a dot", `{"slug":"a.b","matrix_room_id":"!odd1:x"}`, "slug"},
		{"a slug with a colon", `{"slug":"a:b","matrix_room_id":"!odd2:x"}`, "slug"},
		{"a slug with a space", `{"slug":"a b","matrix_room_id":"!odd3:x"}`, "slug"},
		{"a slug in another script", `{"slug":"площадь","matrix_room_id":"!odd4:x"}`, "slug"},
		{"a slug with NUL", `{"slug":"a\u0000b","matrix_room_id":"!odd5:x"}`, "slug"},
		{"a slug with a line break", `{"slug":"a\nb","matrix_room_id":"!odd6:x"}`, "slug"},
		{"a slug with a NATS wildcard", `{"slug":"a>","matrix_room_id":"!odd7:x"}`, "slug"},
		{"a slug of 65 letters", `{"slug":"` + strings.Repeat("a", 65) + `","matrix_room_id":"!odd8:x"}`, "slug"},
		{"a slug that is a number", `{"slug":5,"matrix_room_id":"!odd9:x"}`, "slug"},
		{"no slug", `{"matrix_room_id":"!odd10:x"}`, "slug"},
		{"a slug twice", `{"slug":"harbour","matrix_room_id":"!odd11:x"}`, "slug"},
		{"a room that is text", `"general"`, "rooms"},
		{"null", `null`, "rooms"},
		{"an alias with NUL", `{"slug":"odd","matrix_room_alias":"#a\u0000:b"}`, "matrix_room_alias"},
		{"a name with an escape sequence", `{"slug":"odd","matrix_room_id":"!odd12:x","name":"\u001b[31m"}`, "name"},
		{"a place beyond the map", `{"slug":"odd","matrix_room_id":"!odd13:x","map_x":-5,"map_y":0}`, "map"},
		{"a zone with dots", `{"slug":"odd","matrix_room_id":"!odd14:x","zone":"a.b"}`, "zone"},
	} {
		rooms = append(rooms, c.room)
		faults[c.field]++
		s.note("city service", 100+i, c.tried, "this room alone is left out; `presence_links_faults_total{field=\""+c.field+"\"}`")
	}
	listed := says(200, `{"rooms":[`+strings.Join(rooms, ",")+`]}`)
	service.says.Store(&listed)
	for field, n := range faults {
		s.eventually(t, `presence_links_faults_total{field="`+field+`"}`, fmt.Sprint("at least ", n), func(is float64) bool { return is >= n })
	}
	if all := s.hasHarbour(t); strings.Contains(all, "odd") {
		t.Errorf("a room with a fault is in the city: %s", all)
	}
	s.beat(t)
}

// hasHarbour waits for the room of the city service and returns all rooms.
func (s *siege) hasHarbour(t *testing.T) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if all := string(s.ask(t, request{path: "/city/rooms"}).body); strings.Contains(all, `"harbour"`) {
			return all
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatal("the room of the city service is not in the city")
		}
	}
}
