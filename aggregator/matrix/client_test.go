package matrix_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"presence/aggregator/matrix"
	"presence/spaces"
	"presence/synthetic"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// kept is where a test's session is saved.
type kept struct {
	session matrix.Session
	saved   bool
	err     error
	saves   int
}

func (k *kept) LoadSession(context.Context) (matrix.Session, bool, error) {
	return k.session, k.saved, nil
}

func (k *kept) SaveSession(_ context.Context, s matrix.Session) error {
	if k.err == nil {
		k.session, k.saved = s, true
		k.saves++
	}
	return k.err
}

// seen is a transport that shows the test every request.
type seen struct {
	http.RoundTripper
	look func(*http.Request)
}

func (s seen) RoundTrip(r *http.Request) (*http.Response, error) {
	s.look(r)
	return s.RoundTripper.RoundTrip(r)
}

// server runs a test with a homeserver that knows the daemon, in fake time.
func server(t *testing.T, test func(t *testing.T, hs *synthetic.Server, cfg matrix.Config, sessions *kept)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		hs := synthetic.New("hs", synthetic.Synapse())
		defer hs.Close()
		cfg := matrix.Config{Homeserver: "http://hs", UserID: hs.AddUser("presence"), Password: "secret", Transport: hs.Transport()}
		test(t, hs, cfg, &kept{})
	})
}

func connect(t *testing.T, cfg matrix.Config, sessions matrix.Sessions) *matrix.Client {
	t.Helper()
	c, err := matrix.New(cfg, sessions)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	return c
}

// TestConnectPrefersWhatThereIs: the configured token, else the saved session,
// else a login; and a login is made once.
func TestConnectPrefersWhatThereIs(t *testing.T) {
	t.Parallel()
	server(t, func(t *testing.T, hs *synthetic.Server, cfg matrix.Config, sessions *kept) {
		connect(t, cfg, sessions)
		first := sessions.session
		connect(t, cfg, sessions)
		if sessions.session != first || hs.Requests("login") != 1 {
			t.Errorf("a second start logged in again: %+v", sessions.session)
		}
		cfg.AccessToken = hs.Token(cfg.UserID)
		if c := connect(t, cfg, sessions); c.UserID() != cfg.UserID || hs.Requests("login") != 1 {
			t.Error("the configured token was not used")
		} else if c.TokenRefused() {
			t.Error("a token in use counts as refused")
		}
		hs.EndSessions(cfg.UserID, false)
		if c := connect(t, cfg, sessions); !c.TokenRefused() {
			t.Error("a token that ended was replaced without a word")
		}
		if sessions.session.DeviceID != first.DeviceID {
			t.Errorf("device %s, want %s again", sessions.session.DeviceID, first.DeviceID)
		}
	})
}

// TestConnectSaysWhatIsWrong: credentials that can never work are of kind
// LoggedOut, with words for the operator; everything else may be retried.
func TestConnectSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	server(t, func(t *testing.T, hs *synthetic.Server, cfg matrix.Config, sessions *kept) {
		for name, change := range map[string]func(*matrix.Config){
			"MATRIX_PASSWORD: the homeserver refuses this password of @presence:hs": func(c *matrix.Config) { c.Password = "wrong" },
			"does not know the access": func(c *matrix.Config) { c.AccessToken, c.Password = "dead", "" },
			"belongs to @presence:hs":  func(c *matrix.Config) { c.AccessToken, c.UserID = hs.Token(cfg.UserID), "@other:hs" },
		} {
			wrong := cfg
			change(&wrong)
			c, err := matrix.New(wrong, sessions)
			if err != nil {
				t.Fatal(err)
			}
			err = c.Connect(t.Context())
			if err == nil || matrix.Classify(err).Kind != matrix.LoggedOut || !strings.Contains(err.Error(), name) {
				t.Errorf("%s: %v", name, err)
			}
		}
		for _, fault := range []synthetic.Fault{synthetic.HTML(502), synthetic.Refuse(500, "M_UNKNOWN"), {Lost: true}} {
			hs.Fail("login", fault)
			c, err := matrix.New(cfg, sessions)
			if err != nil {
				t.Fatal(err)
			}
			if err := c.Connect(t.Context()); err == nil || matrix.Classify(err).Kind != matrix.Retry {
				t.Errorf("%+v: %v", fault, err)
			}
		}
	})
}

// TestRenewSavesBeforeUse: a session that could not be saved is not used, and
// the next try saves it instead of making another.
func TestRenewSavesBeforeUse(t *testing.T) {
	t.Parallel()
	server(t, func(t *testing.T, hs *synthetic.Server, cfg matrix.Config, sessions *kept) {
		c := connect(t, cfg, sessions)
		before := sessions.session
		hs.EndSessions(cfg.UserID, true)
		sessions.err = errors.New("no disk")
		if _, err := c.Renew(t.Context(), true); err == nil {
			t.Error("renewed without saving")
		}
		if _, err := c.JoinedRooms(t.Context()); err == nil {
			t.Error("an unsaved session was used")
		}
		sessions.err = nil
		fresh, err := c.Renew(t.Context(), true)
		if err != nil || fresh {
			t.Fatalf("renew: fresh %v, %v", fresh, err)
		}
		if _, err := c.JoinedRooms(t.Context()); err != nil {
			t.Error(err)
		}
		if hs.Requests("refresh") != 1 || hs.Requests("login") != 1 || sessions.session.DeviceID != before.DeviceID {
			t.Errorf("%d refreshes, %d logins, device %s", hs.Requests("refresh"), hs.Requests("login"), sessions.session.DeviceID)
		}
	})
}

// TestFilter holds what the filter must ask for; see filter.go for why.
func TestFilter(t *testing.T) {
	t.Parallel()
	server(t, func(t *testing.T, hs *synthetic.Server, cfg matrix.Config, sessions *kept) {
		var filter struct {
			EventFields []string `json:"event_fields"`
			Presence    struct {
				Limit      int
				NotSenders []string `json:"not_senders"`
			}
			Room struct {
				Rooms           []string
				State, Timeline struct {
					Limit    int
					Types    []string
					LazyLoad bool `json:"lazy_load_members"`
				}
			}
		}
		cfg.Infer = true
		cfg.Transport = seen{cfg.Transport, func(r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/filter") {
				body, _ := io.ReadAll(r.Body)
				r.Body = io.NopCloser(strings.NewReader(string(body)))
				if err := json.Unmarshal(body, &filter); err != nil {
					t.Error(err)
				}
			}
		}}
		c := connect(t, cfg, sessions)
		first, err := c.UploadFilter(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if again, _ := c.UploadFilter(t.Context()); again != first {
			t.Errorf("the same filter got ids %s and %s", first, again)
		}
		for name, types := range map[string][]string{"state": filter.Room.State.Types, "timeline": filter.Room.Timeline.Types} {
			for _, kind := range []string{"m.room.member", "m.room.create", "m.room.tombstone"} {
				if !slices.Contains(types, kind) {
					t.Errorf("%s does not ask for %s", name, kind)
				}
			}
		}
		if !slices.Contains(filter.Room.Timeline.Types, "m.room.message") || filter.Room.Timeline.Limit < 1 ||
			filter.Presence.Limit < 1000 || !slices.Contains(filter.Presence.NotSenders, cfg.UserID) ||
			filter.Room.State.LazyLoad || filter.Room.Rooms != nil || filter.EventFields != nil {
			t.Errorf("filter %+v", filter)
		}
	})
}

// TestSyncAsksQuietly: reading must not make the daemon look online.
func TestSyncAsksQuietly(t *testing.T) {
	t.Parallel()
	server(t, func(t *testing.T, _ *synthetic.Server, cfg matrix.Config, sessions *kept) {
		var asked string
		cfg.Transport = seen{cfg.Transport, func(r *http.Request) { asked = r.URL.RawQuery }}
		c := connect(t, cfg, sessions)
		r, err := c.Sync(t.Context(), matrix.SyncRequest{})
		if err != nil || !r.Batch.Initial {
			t.Fatalf("%+v, %v", r, err)
		}
		started := time.Now()
		if _, err := c.Sync(t.Context(), matrix.SyncRequest{Since: r.NextBatch, Timeout: 30 * time.Second}); err != nil {
			t.Error(err)
		}
		if waited := time.Since(started); waited != 30*time.Second {
			t.Errorf("a quiet poll took %s", waited)
		}
		for _, want := range []string{"set_presence=offline", "timeout=30000", "use_state_after=true", "since="} {
			if !strings.Contains(asked, want) {
				t.Errorf("%s lacks %s", asked, want)
			}
		}
	})
}

// TestSyncBoundsItsMemory: an answer beyond the limit is an error, not read.
func TestSyncBoundsItsMemory(t *testing.T) {
	t.Parallel()
	server(t, func(t *testing.T, _ *synthetic.Server, cfg matrix.Config, sessions *kept) {
		cfg.Transport = huge{cfg.Transport}
		c := connect(t, cfg, sessions)
		_, err := c.Sync(t.Context(), matrix.SyncRequest{})
		if err == nil || matrix.Classify(err).Kind != matrix.Retry || !strings.Contains(err.Error(), "too long") {
			t.Errorf("300 MB: %v", err)
		}
	})
}

// huge announces 300 MB as the answer to every poll.
type huge struct{ http.RoundTripper }

func (h huge) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := h.RoundTripper.RoundTrip(r)
	if err == nil && strings.HasSuffix(r.URL.Path, "/sync") {
		res.ContentLength = 300 << 20
	}
	return res, err
}

// TestClassify: failures are sorted by errcode and status.
func TestClassify(t *testing.T) {
	t.Parallel()
	server(t, func(t *testing.T, hs *synthetic.Server, cfg matrix.Config, sessions *kept) {
		c := connect(t, cfg, sessions)
		for _, one := range []struct {
			fault synthetic.Fault
			kind  matrix.Kind
			wait  time.Duration
		}{
			{synthetic.RateLimited(7*time.Second, false), matrix.RateLimited, 7 * time.Second},
			{synthetic.RateLimited(7*time.Second, true), matrix.RateLimited, 7 * time.Second},
			{synthetic.RateLimited(time.Hour, true), matrix.RateLimited, 10 * time.Minute},
			{synthetic.Fault{Status: 429, Body: "slow down", Header: map[string]string{"Retry-After": "3"}}, matrix.RateLimited, 3 * time.Second},
			{synthetic.Fault{Status: 401, Body: `{"errcode":"M_UNKNOWN_TOKEN","soft_logout":true}`}, matrix.SoftLogout, 0},
			{synthetic.Refuse(401, "M_UNKNOWN_TOKEN"), matrix.LoggedOut, 0},
			{synthetic.Refuse(401, "M_USER_LOCKED"), matrix.Locked, 0},
			{synthetic.Refuse(403, "M_USER_DEACTIVATED"), matrix.Locked, 0},
			{synthetic.Refuse(403, "M_FORBIDDEN"), matrix.Forbidden, 0},
			{synthetic.Refuse(404, "M_NOT_FOUND"), matrix.NotFound, 0},
			{synthetic.Refuse(400, "M_INVALID_PARAM"), matrix.Rejected, 0},
			{synthetic.Refuse(500, "M_UNKNOWN"), matrix.Retry, 0},
			{synthetic.HTML(404), matrix.Retry, 0},
			{synthetic.HTML(401), matrix.Retry, 0},
			{synthetic.Fault{Lost: true}, matrix.Retry, 0},
		} {
			hs.Fail("sync", one.fault)
			_, err := c.Sync(t.Context(), matrix.SyncRequest{})
			if f := matrix.Classify(err); f.Kind != one.kind || f.RetryAfter != one.wait {
				t.Errorf("%d %s: %+v, want kind %d, wait %s", one.fault.Status, one.fault.Body, f, one.kind, one.wait)
			}
		}
	})
}

// TestBackoff: full jitter below a doubling bound, never a tight loop.
func TestBackoff(t *testing.T) {
	t.Parallel()
	for n := range 100 {
		for range 50 {
			if d := matrix.Backoff(n); d < 250*time.Millisecond || d > time.Minute || n <= 1 && d > time.Second {
				t.Fatalf("after %d failures: %s", n, d)
			}
		}
	}
}

// TestRooms: join, list, resolve, and what outsiders are told.
func TestRooms(t *testing.T) {
	t.Parallel()
	server(t, func(t *testing.T, hs *synthetic.Server, cfg matrix.Config, sessions *kept) {
		c := connect(t, cfg, sessions)
		roomID := hs.CreateRoom("#city_general:hs")
		ann := hs.AddUser("ann")
		hs.Join(ann, roomID)
		if _, err := c.JoinedMembers(t.Context(), roomID); err == nil || matrix.Classify(err).Kind != matrix.Forbidden {
			t.Errorf("members from outside: %v", err)
		}
		if got, err := c.ResolveAlias(t.Context(), "#city_general:hs"); err != nil || got != roomID {
			t.Errorf("alias leads to %s, %v", got, err)
		}
		if _, err := c.ResolveAlias(t.Context(), "#nowhere:hs"); matrix.Classify(err).Kind != matrix.NotFound {
			t.Errorf("an unknown alias: %v", err)
		}
		if err := c.Join(t.Context(), roomID, "#city_general:hs"); err != nil {
			t.Fatal(err)
		}
		if got, err := c.JoinedMembers(t.Context(), roomID); err != nil || !slices.Equal(got, []string{ann, cfg.UserID}) {
			t.Errorf("members %v, %v", got, err)
		}
		if got, err := c.JoinedRooms(t.Context()); err != nil || !slices.Equal(got, []string{roomID}) {
			t.Errorf("rooms %v, %v", got, err)
		}
	})
}

// TestPresenceSupported: the probe tells the two ways of having none from
// having it, and leaves the daemon offline.
func TestPresenceSupported(t *testing.T) {
	t.Parallel()
	server(t, func(t *testing.T, hs *synthetic.Server, cfg matrix.Config, sessions *kept) {
		c := connect(t, cfg, sessions)
		for off, want := range map[synthetic.PresenceOff]bool{
			synthetic.PresenceOn: true, synthetic.PresenceOffSynapse: false, synthetic.PresenceOffDendrite: false,
		} {
			hs.SetQuirks(func(q *synthetic.Quirks) { q.PresenceOff = off })
			if got, err := c.PresenceSupported(t.Context()); err != nil || got != want {
				t.Errorf("presence off %d: %v, %v", off, got, err)
			}
			if got := hs.Presence(cfg.UserID); got != "" && got != "offline" {
				t.Errorf("the daemon is left %s", got)
			}
		}
	})
}

// TestFillPresence: people a Dendrite leaves out of an initial sync, because
// it told this device before, are asked about.
func TestFillPresence(t *testing.T) {
	t.Parallel()
	server(t, func(t *testing.T, hs *synthetic.Server, cfg matrix.Config, sessions *kept) {
		hs.SetQuirks(func(q *synthetic.Quirks) { *q = synthetic.Dendrite() })
		c := connect(t, cfg, sessions)
		roomID := hs.CreateRoom("")
		ann := hs.AddUser("ann")
		hs.Join(ann, roomID)
		hs.Join(cfg.UserID, roomID)
		hs.SetPresence(ann, "online")
		for range 2 {
			r, err := c.Sync(t.Context(), matrix.SyncRequest{})
			if err != nil {
				t.Fatal(err)
			}
			c.FillPresence(t.Context(), r)
			if got := r.Batch.Presence; len(got) != 1 || got[0].UserID != ann || got[0].Presence != "online" {
				t.Errorf("presence %+v", got)
			}
		}
		if hs.Requests("presence") != 1 {
			t.Errorf("%d people asked about, want 1", hs.Requests("presence"))
		}
	})
}

// TestNewRefuses names the setting at fault.
func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for field, cfg := range map[string]matrix.Config{
		"MATRIX_HS_URL":       {Homeserver: "://", AccessToken: "x"},
		"MATRIX_USER_ID":      {Homeserver: "http://hs", UserID: "presence", AccessToken: "x"},
		"MATRIX_ACCESS_TOKEN": {Homeserver: "http://hs", UserID: "@presence:hs"},
	} {
		var e *spaces.Error
		if _, err := matrix.New(cfg, &kept{}); !errors.As(err, &e) || e.Field != field {
			t.Errorf("%+v: %v, want %s", cfg, err, field)
		}
	}
}
