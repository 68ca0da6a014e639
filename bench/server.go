//go:build linux

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"presence/gateway/auth"
	"presence/gateway/city"
	"presence/spaces"
	"presence/spaces/bus"
)

// cityRooms is how many rooms the measured city has.
const cityRooms = 200

// serve is the measured server: the gateway's city feed with its real token
// check, fed with changes as the bus feeds it, and told what to do on in.
func serve(ctx context.Context, in io.Reader, out io.Writer) error {
	identity, err := auth.New(auth.Config{Secret: []byte(os.Getenv("JWT_SECRET")), Log: slog.New(slog.DiscardHandler)}, nobody{}, time.Now)
	if err != nil {
		return err
	}
	feed, err := city.New(city.Config{Auth: identity}, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	if err != nil {
		return err
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /ws/city/presence", feed.ServeWebSocket)
	srv := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}

	ctx, stop := context.WithCancel(ctx)
	defer stop()
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return feed.Run(ctx) })
	group.Go(func() error { return ignoreClosed(srv.Serve(l)) })
	group.Go(func() error {
		defer srv.Close()
		defer stop()
		f := newFeeder(feed)
		feed.CityReset(f.state())
		if _, err := fmt.Fprintf(out, "ready %d\n", l.Addr().(*net.TCPAddr).Port); err != nil {
			return err
		}
		return f.obey(ctx, in)
	})
	return group.Wait()
}

func ignoreClosed(err error) error {
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// nobody is a store that is never asked: the tokens of the city's own issuer
// need neither tickets nor members.
type nobody struct{ auth.Store }

// pace is how often the feeder looks whether a change is due; a look that comes
// late tells all that are.
const pace = 5 * time.Millisecond

// feeder plays the bus: it changes one room after the other. It belongs to the
// goroutine of obey.
type feeder struct {
	to   *city.City
	turn int

	rate  int // changes a second; 0 none
	since time.Time
	told  int // since then
}

func newFeeder(to *city.City) *feeder { return &feeder{to: to} }

func slug(i int) spaces.Slug { return spaces.Slug(fmt.Sprintf("room-%03d", i)) }

func (f *feeder) state() bus.CityState {
	s := bus.CityState{
		Links: map[spaces.Slug]spaces.Link{}, Rooms: map[spaces.Slug]spaces.RoomPresence{},
		Status: status(), StatusAt: time.Now(),
	}
	for i := range cityRooms {
		l := spaces.Link{Slug: slug(i), RoomID: fmt.Sprintf("!%d:example.org", i), Public: true}
		l, err := l.Normalize()
		if err != nil {
			panic(err) // a fixed value of our own
		}
		s.Links[l.Slug], s.Rooms[l.Slug] = l, presence(i, i)
	}
	return s
}

func status() *spaces.Status {
	return &spaces.Status{Sync: spaces.SyncOK, AsOf: time.Now().UnixMilli(), Presence: "supported", Source: spaces.SourceMatrix}
}

func presence(i, online int) spaces.RoomPresence {
	return spaces.RoomPresence{
		Slug: slug(i), OnlineCount: online, TypingCount: 1, ActiveCount: i,
		Agents: []spaces.Agent{}, TypingUsers: []string{}, Source: spaces.SourceMatrix, AsOf: time.Now().UnixMilli(),
	}
}

// change tells of the next room. Its count is the time in µs, so that the load
// generator can tell how long the message took.
func (f *feeder) change(now time.Time) bus.CityChange {
	i := f.turn % cityRooms
	f.turn++
	p := presence(i, int(now.UnixMicro()))
	return bus.CityChange{Slug: p.Slug, Room: &p}
}

// obey reads commands until in ends: "rate n" for n changes a second, "more n"
// for n changes now.
func (f *feeder) obey(ctx context.Context, in io.Reader) error {
	commands := make(chan string)
	go readLines(in, commands)
	ticks := time.NewTicker(pace)
	defer ticks.Stop()
	heartbeat := time.NewTicker(5 * time.Second)
	defer heartbeat.Stop()
	for {
		select {
		case line, more := <-commands:
			if !more {
				return nil
			}
			if err := f.command(line); err != nil {
				return err
			}
		case now := <-ticks.C:
			f.tell(int(now.Sub(f.since).Seconds()*float64(f.rate)) - f.told)
		case <-heartbeat.C:
			f.to.CityChanged([]bus.CityChange{{Status: status()}})
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// readLines ends with in, and in with this process's parent.
func readLines(in io.Reader, lines chan<- string) {
	defer close(lines)
	for s := bufio.NewScanner(in); s.Scan(); {
		lines <- s.Text()
	}
}

func (f *feeder) command(line string) error {
	name, argument, _ := strings.Cut(line, " ")
	n, err := strconv.Atoi(argument)
	if err != nil {
		return fmt.Errorf("command %q: %w", line, err)
	}
	switch name {
	case "rate":
		f.rate, f.since, f.told = n, time.Now(), 0
	case "more":
		f.tell(n)
	default:
		return fmt.Errorf("unknown command %q", line)
	}
	return nil
}

func (f *feeder) tell(n int) {
	if n <= 0 {
		return
	}
	f.told += n
	changes := make([]bus.CityChange, n)
	for i := range changes {
		changes[i] = f.change(time.Now())
	}
	f.to.CityChanged(changes)
}
