package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"presence/aggregator"
	"presence/aggregator/links"
	"presence/aggregator/matrix"
	"presence/migrations"
	"presence/spaces"
	"presence/spaces/bus"
	"presence/spaces/store"
)

// clockLimit is the difference between our clock and the homeserver's from
// which "as of" times and token lifetimes start to mislead.
const clockLimit = 5 * time.Second

// doctor keeps what a check found for those after it.
type doctor struct {
	env    *env
	store  *store.Store // nil: the database does not work
	shut   func()
	matrix bool           // the homeserver speaks Matrix
	date   time.Time      // its clock
	asked  time.Time      // ours at that moment
	client *matrix.Client // nil: the token does not work
	links  []spaces.Link
}

func (d *doctor) close() {
	if d.client != nil {
		d.client.Close()
	}
	if d.shut != nil {
		d.shut()
	}
}

func (d *doctor) settings(context.Context) finding {
	s := d.env.settings
	if err := os.MkdirAll(s.Data, 0o700); err != nil {
		return bad("choose another folder with PRESENCE_DATA, or let this account write there", "PRESENCE_DATA: %v", err)
	}
	if _, err := s.jwtSecret(); err != nil {
		return bad("set JWT_SECRET (or JWT_SECRET_FILE), the same on every gateway", "%v", err)
	}
	return good("listening on %s, data in %s", s.Listen, s.Data)
}

func (d *doctor) database(ctx context.Context) finding {
	s := d.env.settings
	db, err := migrations.Open(ctx, string(s.Database), s.Data, d.env.log)
	if err != nil && s.Database == "" {
		return bad("look at the data folder, PRESENCE_DATA", "%v", err)
	}
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
	// As the daemon: a redirect would take its password to another host.
	asks := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := asks.Do(req)
	if err != nil {
		return bad("check MATRIX_HS_URL, name resolution and firewalls between here and the homeserver", "%v", err)
	}
	defer resp.Body.Close()
	d.date, _ = http.ParseTime(resp.Header.Get("Date"))
	d.asked = time.Now()
	var answer struct{ Versions []string }
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if to := resp.Header.Get("Location"); resp.StatusCode >= 300 && resp.StatusCode < 400 {
		return bad("set MATRIX_HS_URL to the address it redirects to, if that is the homeserver's", "%s redirects to %s", s.Homeserver, to)
	}
	if err != nil || json.Unmarshal(body, &answer) != nil || len(answer.Versions) == 0 {
		return bad("MATRIX_HS_URL must be the client API's base URL, not a web page's",
			"%s answers with status %d and something that is not Matrix", s.Homeserver, resp.StatusCode)
	}
	d.matrix = true
	return good("%s answers, Matrix up to %s", s.Homeserver, answer.Versions[len(answer.Versions)-1])
}

func (d *doctor) clock(context.Context) finding {
	if d.date.IsZero() {
		return skip("the homeserver")
	}
	// The header has whole seconds.
	off := d.asked.Sub(d.date).Abs()
	if off > clockLimit+time.Second {
		return bad("run NTP on both machines", "%s apart from the homeserver's", off.Round(time.Second))
	}
	return good("within %s of the homeserver's", clockLimit)
}

// token never sends a credential to something that is not a homeserver.
func (d *doctor) token(ctx context.Context) finding {
	if !d.matrix || d.store == nil {
		return skip("homeserver and database")
	}
	client, err := aggregator.NewClient(d.env.settings.matrixConfig(), d.store)
	if err != nil {
		return bad("set MATRIX_ACCESS_TOKEN, or MATRIX_USER_ID and MATRIX_PASSWORD", "%v", err)
	}
	if err := client.Connect(ctx); err != nil {
		client.Close()
		return bad("make a new token or check the password: the homeserver accepts neither session nor credentials", "%v", err)
	}
	d.client = client
	if client.TokenRefused() {
		return bad("make a new token, or unset MATRIX_ACCESS_TOKEN to use the password alone",
			"the daemon is %s by its saved session or password; MATRIX_ACCESS_TOKEN is refused", client.UserID())
	}
	return good("the daemon is %s", client.UserID())
}

func (d *doctor) presence(ctx context.Context) finding {
	if d.client == nil {
		return skip("the token")
	}
	supported, err := d.client.PresenceSupported(ctx)
	const how = "switch presence on at the homeserver (Synapse: presence.enabled; Dendrite: global.presence.enable_outbound)"
	switch {
	case err != nil:
		return bad("try again; if it stays, look at the homeserver's log", "%v", err)
	case supported:
		return good("the homeserver keeps presence")
	case d.env.settings.Infer:
		return good("the homeserver keeps no presence; counts are inferred from activity and say so").but("for exact counts " + how)
	default:
		return bad(how+", or set PRESENCE_INFER=true", "the homeserver keeps no presence and inference is off")
	}
}

// readLinks gathers the links that a serving program would have.
func (d *doctor) readLinks(ctx context.Context) finding {
	s := d.env.settings
	if d.store == nil {
		return skip("the database")
	}
	kept, err := d.store.Links(ctx)
	if err != nil {
		return bad("look at the database", "%v", err)
	}
	d.links = kept
	if s.LinksFile != "" {
		written, err := links.ReadFile(s.LinksFile)
		if err != nil {
			return bad("correct the file that PRESENCE_LINKS_FILE names", "%v", err)
		}
		for _, l := range written {
			if !slices.ContainsFunc(kept, func(k spaces.Link) bool { return k.Slug == l.Slug }) {
				d.links = append(d.links, l)
			}
		}
	}
	switch {
	case len(d.links) > 0:
		return good("%d linked", len(d.links))
	case s.CityService != "":
		return good("none yet; %s is asked for them by presence serve", s.CityService)
	default:
		return bad("link one: presence link add general '#city_general:example.org'", "no room is linked")
	}
}

func (d *doctor) rooms(ctx context.Context) finding {
	if d.client == nil || len(d.links) == 0 {
		return skip("token and links")
	}
	joined, err := d.client.JoinedRooms(ctx)
	if err != nil {
		return bad("try again; if it stays, look at the homeserver's log", "%v", err)
	}
	var absent, lost []string
	for _, l := range d.links {
		room, err := d.roomOf(ctx, l)
		switch {
		case err != nil && matrix.Classify(err).Kind == matrix.NotFound:
			lost = append(lost, string(l.Slug)+" ("+l.Alias+")")
		case err != nil:
			return bad("try again; if it stays, look at the homeserver's log", "%v", err)
		case !slices.Contains(joined, room):
			absent = append(absent, string(l.Slug))
		}
	}
	switch {
	case len(lost) > 0:
		return bad("correct the alias, or make the room", "no such room: %s", strings.Join(lost, ", "))
	case len(absent) > 0:
		return good("%d of %d are not joined yet: %s", len(absent), len(d.links), strings.Join(absent, ", ")).
			but("presence serve joins public rooms by itself; invite " + d.client.UserID() + " to the others")
	default:
		return good("the daemon is in every linked room (%d)", len(d.links))
	}
}

func (d *doctor) roomOf(ctx context.Context, l spaces.Link) (string, error) {
	if l.RoomID != "" {
		return l.RoomID, nil
	}
	return d.client.ResolveAlias(ctx, l.Alias)
}
