package aggregator_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"presence/aggregator"
	"presence/aggregator/matrix"
	"presence/aggregator/state"
	"presence/migrations"
	"presence/spaces"
	"presence/spaces/bus"
	"presence/spaces/store"
)

// BenchmarkChange is the whole way of a change, from the bytes of a /sync
// response to acknowledged messages on a real NATS and a commit in a real
// SQLite file, with 10,000 people in the given number of rooms and 100 changes
// in each response. cpu-µs/change is the process's CPU, embedded NATS included;
// the goal is 20, whatever the number of rooms.
//
// The changes come at 2,000 a second: "default" is throttled as by default, 3 s
// for each room; in "every" nearly every change becomes a message of its own,
// the dearest case there is; "storm" has no pause between the responses, and
// the budget of publishing merges most of them. Draining takes seconds, so only
// a count makes sense of it: -benchtime 20000x.
func BenchmarkChange(b *testing.B) {
	kinds := []struct {
		name  string
		event func(c *city, n int) string
	}{{"presence", (*city).presence}, {"typing", (*city).typing}}
	const pace = time.Second * perResponse / 2000
	for _, load := range []load{{"default", pace, throttle}, {"every", pace, 0}, {"storm", 0, 0}} {
		for _, kind := range kinds {
			for _, rooms := range []int{100, 1_000, 5_000} {
				b.Run(fmt.Sprintf("%s/%s/rooms=%d", load.name, kind.name, rooms), func(b *testing.B) {
					benchmarkChange(b, &city{users: 10_000, rooms: rooms}, kind.event, load)
				})
			}
		}
	}
}

const perResponse = 100

type load struct {
	name     string
	pace     time.Duration // between responses
	throttle time.Duration
}

func benchmarkChange(b *testing.B, c *city, event func(*city, int) string, l load) {
	d := newBenchDaemon(b, c, l.throttle)
	d.run(fmt.Sprintf(c.initial(), 1))
	d.drain()
	responses := make([]string, 0, b.N/perResponse+1)
	for n := 0; n < b.N; n += perResponse {
		responses = append(responses, fmt.Sprintf(event(c, n), n+2))
	}
	started, published := cpu(b), d.value("presence_aggregator_published_total")
	b.ResetTimer()
	for _, body := range responses {
		d.run(body)
		time.Sleep(l.pace)
	}
	d.drain()
	b.StopTimer()
	b.ReportMetric(float64(cpu(b)-started)/float64(time.Microsecond)/float64(b.N), "cpu-µs/change")
	b.ReportMetric((d.value("presence_aggregator_published_total")-published)/float64(b.N), "messages/change")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkInitial is the initial sync of 10,000 people, each in 10 of 1,000
// rooms, until it is saved and published.
func BenchmarkInitial(b *testing.B) {
	c := &city{users: 10_000, rooms: 1_000, each: 10}
	body := fmt.Sprintf(c.initial(), 1)
	b.SetBytes(int64(len(body)))
	var used time.Duration
	for b.Loop() {
		b.StopTimer()
		d := newBenchDaemon(b, c, 0)
		started := cpu(b)
		b.StartTimer()
		d.run(body)
		used += cpu(b) - started
	}
	b.ReportMetric(float64(used)/float64(time.Millisecond)/float64(b.N), "cpu-ms/sync")
}

// city makes responses.
type city struct {
	users, rooms int
	each         int // rooms of a person; 0 means 1
}

func (c *city) user(n int) string { return fmt.Sprintf("@user%d:hs", n%c.users) }
func (c *city) room(n int) string { return fmt.Sprintf("!room%d:hs", n%c.rooms) }

// initial is everybody offline.
func (c *city) initial() string {
	var presence, rooms []string
	members := make([][]string, c.rooms)
	for n := range c.users {
		presence = append(presence, c.presenceOf(n, "offline"))
		for i := range max(c.each, 1) {
			at := (n + i*7) % c.rooms
			members[at] = append(members[at], member(c.user(n)))
		}
	}
	for n, list := range members {
		list = append(list, member("@presence:hs"), `{"type":"m.room.create","state_key":"","sender":"@x:hs","content":{}}`)
		rooms = append(rooms, fmt.Sprintf(`%q:{"state":{"events":[%s]}}`, c.room(n), strings.Join(list, ",")))
	}
	return body(presence, rooms)
}

func member(user string) string {
	return fmt.Sprintf(`{"type":"m.room.member","event_id":"$0123456789abcdef","sender":%q,"state_key":%q,"origin_server_ts":1700000000000,"content":{"membership":"join","displayname":"Somebody"}}`, user, user)
}

func (c *city) presenceOf(n int, presence string) string {
	return fmt.Sprintf(`{"type":"m.presence","sender":%q,"content":{"presence":%q,"last_active_ago":1234,"currently_active":false}}`, c.user(n), presence)
}

// presence is people coming online, and after everybody did, going idle, and
// so on: every change changes a count.
func (c *city) presence(n int) string {
	var events []string
	for i := n; i < n+perResponse; i++ {
		events = append(events, c.presenceOf(i, []string{"online", "unavailable"}[i/c.users%2]))
	}
	return body(events, nil)
}

// typing is somebody who begins to type, or stops, in a hundred rooms.
func (c *city) typing(n int) string {
	var rooms []string
	for i := n; i < n+perResponse; i++ {
		list := ""
		if i/c.rooms%2 == 0 {
			list = fmt.Sprintf("%q", c.user(i%c.rooms))
		}
		rooms = append(rooms, fmt.Sprintf(`%q:{"ephemeral":{"events":[{"type":"m.typing","content":{"user_ids":[%s]}}]}}`, c.room(i), list))
	}
	return body(nil, rooms)
}

func body(presence, rooms []string) string {
	return fmt.Sprintf(`{"next_batch":"s%%d","presence":{"events":[%s]},"rooms":{"join":{%s}}}`, strings.Join(presence, ","), strings.Join(rooms, ","))
}

func cpu(b *testing.B) time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// benchDaemon is a daemon between canned responses and the real store and bus.
type benchDaemon struct {
	b       *testing.B
	script  *script
	metrics *prometheus.Registry
	window  time.Duration // of the throttle
}

func newBenchDaemon(b *testing.B, c *city, throttle time.Duration) *benchDaemon {
	b.Helper()
	ctx, cancel := context.WithCancel(b.Context())
	db, err := migrations.Open(ctx, "", b.TempDir(), discard)
	if err != nil {
		b.Fatal(err)
	}
	s := store.New(db)
	links := make([]spaces.Link, c.rooms)
	for n := range links {
		links[n] = spaces.Link{Slug: spaces.Slug(fmt.Sprint("room", n)), RoomID: c.room(n), Public: true, Zone: "central"}
		if links[n], err = links[n].Normalize(); err != nil {
			b.Fatal(err)
		}
	}
	if err := s.ReplaceLinks(ctx, "yaml", links); err != nil {
		b.Fatal(err)
	}
	nats, err := bus.Open(ctx, bus.Config{Dir: b.TempDir(), Log: discard})
	if err != nil {
		b.Fatal(err)
	}
	d := &benchDaemon{b: b, script: newScript(c), metrics: prometheus.NewRegistry(), window: throttle}
	daemon, err := aggregator.New(aggregator.Config{
		Matrix:   matrix.Config{Homeserver: "http://hs", UserID: "@presence:hs", AccessToken: "token", Transport: d.script},
		State:    state.Config{CountIdle: true},
		Throttle: throttle,
		// No renewals, which go on whether anything changes or not.
		RoomTTL: 24 * time.Hour,
	}, s, nats, discard, d.metrics)
	if err != nil {
		b.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- daemon.Run(ctx) }()
	b.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			b.Error(err)
		}
		nats.Close()
		_ = db.Close()
	})
	return d
}

// run hands one response to the daemon and waits until it asks for the next:
// then this one is applied.
func (d *benchDaemon) run(body string) {
	d.script.next <- body
	<-d.script.asked
}

// drain waits until nothing is published any more, not even at the end of a
// window.
func (d *benchDaemon) drain() {
	for last := -1.0; ; {
		time.Sleep(d.window + 200*time.Millisecond)
		published := d.value("presence_aggregator_published_total")
		if published-last <= 2 { // heartbeats
			return
		}
		last = published
	}
}

func (d *benchDaemon) value(name string) float64 {
	families, err := d.metrics.Gather()
	if err != nil {
		d.b.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == name {
			return f.GetMetric()[0].GetCounter().GetValue()
		}
	}
	return 0
}

// script is a homeserver that says what it is handed.
type script struct {
	c     *city
	next  chan string
	asked chan struct{}
	once  sync.Once
}

func newScript(c *city) *script {
	return &script{c: c, next: make(chan string), asked: make(chan struct{})}
}

func (s *script) RoundTrip(r *http.Request) (*http.Response, error) {
	answer := `{}`
	switch path := r.URL.Path; {
	case strings.HasSuffix(path, "/sync"):
		first := false
		s.once.Do(func() { first = true })
		if !first {
			select {
			case s.asked <- struct{}{}:
			case <-r.Context().Done():
				return nil, r.Context().Err()
			}
		}
		select {
		case answer = <-s.next:
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
	case strings.HasSuffix(path, "/whoami"):
		answer = `{"user_id":"@presence:hs","device_id":"D"}`
	case strings.HasSuffix(path, "/filter"):
		answer = `{"filter_id":"1"}`
	case strings.HasSuffix(path, "/joined_rooms"):
		rooms := make([]string, s.c.rooms)
		for n := range rooms {
			rooms[n] = s.c.room(n)
		}
		text, err := json.Marshal(map[string][]string{"joined_rooms": rooms})
		if err != nil {
			return nil, err
		}
		answer = string(text)
	case strings.HasSuffix(path, "/status"):
		answer = `{"presence":"unavailable"}`
	}
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(answer)), Request: r}, nil
}
