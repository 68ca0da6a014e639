package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"presence/aggregator"
	"presence/aggregator/matrix"
	"presence/migrations"
	"presence/spaces"
	"presence/spaces/bus"
	"presence/spaces/store"
)

const (
	// checkLimit is how long one check may take before it counts as failed.
	checkLimit = 15 * time.Second
	// clockLimit is the difference between our clock and the homeserver's from
	// which "as of" times and token lifetimes start to mislead.
	clockLimit = 5 * time.Second
)

// doctorCmd checks what the program leans on, each for itself, and says in
// plain words what to do. It changes nothing but the daemon's own presence,
// which it sets and takes back to see whether the homeserver keeps it.
type doctorCmd struct{}

// errUnhealthy makes the exit code tell scripts what the text tells people.
var errUnhealthy = errors.New("something needs attention; see above")

// finding is the result of one check.
type finding struct {
	ok   bool
	what string // what was seen
	todo string // what to do about it; empty when nothing
}

func good(format string, args ...any) finding {
	return finding{ok: true, what: fmt.Sprintf(format, args...)}
}

func bad(todo, format string, args ...any) finding {
	return finding{what: fmt.Sprintf(format, args...), todo: todo}
}

// Run prints one finding a check.
func (c *doctorCmd) Run(ctx context.Context, e *env) error {
	d := &doctor{env: e}
	defer d.close()
	healthy := true
	for _, check := range []struct {
		name string
		run  func(context.Context) finding
	}{
		{"settings", d.secrets},
		{"database", d.database},
		{"NATS", d.nats},
		{"homeserver", d.homeserver},
		{"clock", d.clock},
		{"token", d.token},
		{"presence", d.presence},
		{"rooms", d.rooms},
	} {
		checkCtx, cancel := context.WithTimeout(ctx, checkLimit)
		f := check.run(checkCtx)
		cancel()
		healthy = healthy && f.ok
		if err := e.report(check.name, f); err != nil {
			return err
		}
	}
	if !healthy {
		return errUnhealthy
	}
	return e.say("\nAll is well. Start the city with: presence serve\n")
}

func (e *env) report(name string, f finding) error {
	mark := "ok  "
	if !f.ok {
		mark = "FAIL"
	}
	if err := e.say("%s  %-10s  %s\n", mark, name, f.what); err != nil || f.todo == "" {
		return err
	}
	return e.say("      %-10s  -> %s\n", "", f.todo)
}

// doctor keeps what a check found for those after it.
type doctor struct {
	env    *env
	store  *store.Store
	shut   func()
	date   time.Time // the homeserver's clock
	asked  time.Time // ours at that moment
	client *matrix.Client
}

func (d *doctor) close() {
	if d.client != nil {
		d.client.Close()
	}
	if d.shut != nil {
		d.shut()
	}
}

func (d *doctor) secrets(context.Context) finding {
	if _, err := d.env.settings.jwtSecret(); err != nil {
		return bad("set JWT_SECRET (or JWT_SECRET_FILE), the same on every gateway", "%v", err)
	}
	return good("listening on %s, data in %s", d.env.settings.Listen, d.env.settings.Data)
}

func (d *doctor) database(ctx context.Context) finding {
	s := d.env.settings
	db, err := migrations.Open(ctx, string(s.Database), s.Data, d.env.log)
	if err != nil {
		return bad("check DATABASE_URL, that the server runs and that the account may create tables", "%v", err)
	}
	d.shut = func() { _ = db.Close() }
	d.store = store.New(db)
	if s.Database == "" {
		return good("SQLite in %s", s.Data)
	}
	return good("PostgreSQL answers, the schema is current")
}

func (d *doctor) nats(ctx context.Context) finding {
	if d.env.settings.NATS == "" {
		return good("inside the process, files in %s", d.env.settings.natsDir())
	}
	b, err := d.env.openBus(ctx, bus.Config{Name: "doctor"})
	if err != nil {
		return bad("check NATS_URL; the server must be 2.11 or later with JetStream switched on", "%v", err)
	}
	defer b.Close()
	city, err := b.ReadCity(ctx)
	if err != nil {
		return bad("check that JetStream is on and that the account may use it", "%v", err)
	}
	return good("server %s, %d links and %d rooms on the stream", b.ServerVersion(), len(city.Links), len(city.Rooms))
}

func (d *doctor) homeserver(ctx context.Context) finding {
	s := d.env.settings
	if s.Homeserver == "" {
		return bad("set MATRIX_HS_URL to the base URL of the homeserver", "MATRIX_HS_URL is not set")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimRight(s.Homeserver, "/")+"/_matrix/client/versions", http.NoBody)
	if err != nil {
		return bad("correct MATRIX_HS_URL", "%v", err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return bad("check MATRIX_HS_URL, name resolution and firewalls between here and the homeserver", "%v", err)
	}
	defer resp.Body.Close()
	d.date, _ = http.ParseTime(resp.Header.Get("Date"))
	d.asked = time.Now()
	var answer struct{ Versions []string }
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil || json.Unmarshal(body, &answer) != nil || len(answer.Versions) == 0 {
		return bad("MATRIX_HS_URL must be the client API's base URL, not a web page's",
			"%s answers with status %d and something that is not Matrix", s.Homeserver, resp.StatusCode)
	}
	return good("%s answers, Matrix up to %s", s.Homeserver, answer.Versions[len(answer.Versions)-1])
}

func (d *doctor) clock(context.Context) finding {
	if d.date.IsZero() {
		return bad("get the homeserver to answer first", "not compared: the homeserver sent no date")
	}
	// The header has whole seconds.
	off := d.asked.Sub(d.date).Abs()
	if off > clockLimit+time.Second {
		return bad("run NTP on both machines", "%s apart from the homeserver's", off.Round(time.Second))
	}
	return good("within %s of the homeserver's", clockLimit)
}

func (d *doctor) token(ctx context.Context) finding {
	s := d.env.settings
	if s.Homeserver == "" || d.store == nil {
		return bad("make homeserver and database work first", "not checked")
	}
	client, err := aggregator.NewClient(s.matrixConfig(), d.store)
	if err != nil {
		return bad("set MATRIX_ACCESS_TOKEN, or MATRIX_USER_ID and MATRIX_PASSWORD", "%v", err)
	}
	d.client = client
	if err := client.Connect(ctx); err != nil {
		return bad("make a new token or check the password: the homeserver accepts neither session nor credentials", "%v", err)
	}
	return good("the daemon is %s", client.UserID())
}

func (d *doctor) presence(ctx context.Context) finding {
	if d.client == nil || d.client.UserID() == "" {
		return bad("make the token work first", "not checked")
	}
	supported, err := d.client.PresenceSupported(ctx)
	if err != nil {
		return bad("try again; if it stays, look at the homeserver's log", "%v", err)
	}
	if !supported {
		return bad("switch presence on at the homeserver (Synapse: presence.enabled; Dendrite: global.presence.enable_outbound), or live with counts inferred from activity",
			"the homeserver keeps no presence")
	}
	return good("the homeserver keeps presence")
}

func (d *doctor) rooms(ctx context.Context) finding {
	if d.client == nil || d.client.UserID() == "" || d.store == nil {
		return bad("make the token work first", "not checked")
	}
	links, err := d.store.Links(ctx)
	if err != nil {
		return bad("look at the database", "%v", err)
	}
	if len(links) == 0 {
		return bad("link one: presence link add general '#city_general:example.org'", "no room is linked")
	}
	joined, err := d.client.JoinedRooms(ctx)
	if err != nil {
		return bad("try again; if it stays, look at the homeserver's log", "%v", err)
	}
	missing := notJoined(links, joined)
	if len(missing) > 0 {
		return bad("a running aggregator joins public rooms by itself; invite "+d.client.UserID()+" to the others",
			"%d of %d linked rooms are not joined: %s", len(missing), len(links), strings.Join(missing, ", "))
	}
	return good("all %d linked rooms are joined", len(links))
}

func notJoined(links []spaces.Link, joined []string) []string {
	var missing []string
	for _, l := range links {
		if !slices.Contains(joined, l.RoomID) {
			missing = append(missing, string(l.Slug))
		}
	}
	return missing
}
