package city_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"presence/gateway/city"
	"presence/spaces"
	"presence/spaces/bus"
)

// update is an event of the web application's contract.
type update struct {
	Type      string
	Timestamp time.Time
	City      struct {
		OnlineTotal *int `json:"online_total"`
	}
	Rooms []struct {
		RoomID string `json:"room_id"`
		Online int
	}
	Agents  []any
	Removed []string
	State   string

	id, raw string
}

func (u update) rooms() map[string]int {
	rooms := map[string]int{}
	for _, r := range u.Rooms {
		rooms[r.RoomID] = r.Online
	}
	return rooms
}

// stream is one EventSource.
type stream struct {
	tb   testing.TB
	body *bufio.Scanner
	head http.Header
}

func (w *world) listen(who, query string) *stream {
	w.tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), soon)
	w.tb.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, w.url+"/sse"+query, nil)
	if err != nil {
		w.tb.Fatal(err)
	}
	if who != "" {
		r.Header.Set("Authorization", "Bearer "+who)
	}
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		w.tb.Fatal(err)
	}
	w.tb.Cleanup(func() { _ = response.Body.Close() })
	if response.StatusCode != http.StatusOK {
		w.tb.Fatalf("refused with %s", response.Status)
	}
	lines := bufio.NewScanner(response.Body)
	lines.Buffer(nil, 1<<20)
	return &stream{w.tb, lines, response.Header}
}

func (s *stream) next() update {
	s.tb.Helper()
	var u update
	for s.body.Scan() {
		line := s.body.Text()
		switch {
		case strings.HasPrefix(line, "id: "):
			u.id = line[4:]
		case strings.HasPrefix(line, "data: "):
			u.raw = line[6:]
			if err := json.Unmarshal([]byte(u.raw), &u); err != nil {
				s.tb.Fatal(err)
			}
			return u
		}
	}
	s.tb.Fatalf("the stream ended: %v", s.body.Err())
	return u
}

func TestEventStream(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.city.CityReset(state(link("square", ""), link("vault", "dao"), link("empty", "")))
	w.change(bus.CityChange{Slug: "empty", RoomGone: true})
	anybody, member := w.listen("", ""), w.listen("member", "")
	if anybody.head.Get("Content-Type") != "text/event-stream; charset=utf-8" || anybody.head.Get("X-Accel-Buffering") != "no" {
		t.Errorf("the headers are %v", anybody.head)
	}
	u := anybody.next()
	if u.Type != "presence_update" || u.id == "" || u.Timestamp.IsZero() || u.City.OnlineTotal == nil || u.Agents == nil || u.State != "live" {
		t.Fatalf("the first event is %s", u.raw)
	}
	if strings.Contains(u.raw, "vault") || !strings.Contains(member.next().raw, "room_city_vault") {
		t.Fatalf("anybody sees %s", u.raw)
	}
	if strings.Contains(u.raw, "@secret") {
		t.Fatalf("a person's Matrix id is in %s", u.raw)
	}
	// Every event is a full snapshot, and of many changes the last one counts.
	for n := range 20 {
		w.change(online("square", n))
	}
	for u = anybody.next(); u.rooms()["room_city_square"] != 19; u = anybody.next() {
	}
	w.change(bus.CityChange{CityGone: true})
	if u = anybody.next(); u.City.OnlineTotal != nil {
		t.Errorf("unknown totals are %s", u.raw)
	}
}

func TestEventStreamDiff(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.city.CityReset(state(link("square", ""), link("lab", ""), link("vault", "dao")))
	s := w.listen("", "?mode=diff")
	if u := s.next(); u.Type != "presence_update" || len(u.Rooms) != 2 {
		t.Fatalf("the first event is %s", u.raw)
	}
	w.change(online("lab", 7), online("vault", 8))
	if u := s.next(); u.Type != "presence_diff" || len(u.Rooms) != 1 || u.rooms()["room_city_lab"] != 7 || u.Removed != nil {
		t.Fatalf("a change is %s", u.raw)
	}
	w.change(bus.CityChange{Slug: "lab", RoomGone: true})
	if u := s.next(); len(u.Rooms) != 0 || len(u.Removed) != 1 || u.Removed[0] != "room_city_lab" {
		t.Fatalf("a room that became unknown is %s", u.raw)
	}
	w.change(bus.CityChange{Slug: "square", LinkGone: true}, bus.CityChange{Slug: "vault", LinkGone: true})
	if u := s.next(); len(u.Removed) != 1 || u.Removed[0] != "room_city_square" {
		t.Fatalf("a removed room is %s", u.raw)
	}
}

// TestEventStreamRights: losing the right takes the private room away with the
// next event.
func TestEventStreamRights(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *city.Config) { c.KeepAlive = 50 * time.Millisecond })
	w.city.CityReset(state(link("square", ""), link("vault", "dao")))
	s := w.listen("member", "?mode=diff")
	s.next()
	w.people.set("member", &spaces.Viewer{Subject: "member"})
	if u := s.next(); u.Type != "presence_update" || len(u.Rooms) != 1 {
		t.Fatalf("after losing the right comes %s", u.raw)
	}
}

// TestEventStreamExpires: a stream ends with its token, in order.
func TestEventStreamExpires(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.city.CityReset(state(link("square", "")))
	w.people.expires["member"] = time.Now().Add(time.Second)
	s := w.listen("member", "")
	s.next()
	for s.body.Scan() { // nothing follows but the end
	}
	if s.body.Err() != nil {
		t.Errorf("the stream broke: %v", s.body.Err())
	}
}

func TestEventStreamRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	get := func(token string) *http.Response {
		t.Helper()
		r, _ := http.NewRequest(http.MethodGet, w.url+"/sse", nil)
		if token != "" {
			r.Header.Set("Authorization", token)
		}
		response, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		return response
	}
	if r := get(""); r.StatusCode != 503 || r.Header.Get("Content-Type") != "application/json" {
		t.Errorf("before the city is known: %s", r.Status)
	}
	if r := get("Bearer nobody"); r.StatusCode != 401 {
		t.Errorf("a bad token got %s", r.Status)
	}
}

// TestEventStreamStalled: a reader that stopped is let go within its bound.
func TestEventStreamStalled(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *city.Config) { c.WriteWait = 200 * time.Millisecond })
	w.city.CityReset(state(roomLinks(2000)...))
	tcp, err := net.Dial("tcp", strings.TrimPrefix(w.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer tcp.Close()
	if err := tcp.(*net.TCPConn).SetReadBuffer(4 << 10); err != nil {
		t.Fatal(err)
	}
	if _, err := tcp.Write([]byte("GET /sse HTTP/1.1\r\nHost: test\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	n := 1
	w.eventually("the stream is let go", func() bool {
		n++
		w.change(online("room-000", n))
		return w.metric("presence_city_events_total", "") > 0 && w.metric("presence_city_event_streams", "") == 0
	})
}
