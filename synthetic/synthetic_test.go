package synthetic_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"presence/synthetic"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// reader polls a server as one user, the way the daemon does.
type reader struct {
	t      *testing.T
	hs     *synthetic.Server
	http   *http.Client
	token  string
	since  string
	filter string
}

// answer is what the tests look at of a response.
type answer struct {
	NextBatch string `json:"next_batch"`
	Presence  struct{ Events []event }
	Rooms     struct {
		Join map[string]struct {
			State, Timeline, Ephemeral struct {
				Events  []event
				Limited bool
			}
			StateAfter struct{ Events []event } `json:"state_after"`
		}
		Leave, Invite map[string]json.RawMessage
	}
}

type event struct {
	Type     string
	Sender   string
	StateKey string `json:"state_key"`
	Content  struct {
		Membership string
		Presence   string
		UserIDs    []string `json:"user_ids"`
	}
}

// inTime runs a test in fake time with a server, a daemon and a room it is in.
func inTime(t *testing.T, quirks synthetic.Quirks, test func(t *testing.T, hs *synthetic.Server, me *reader, room string)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		hs := synthetic.New("hs", quirks)
		defer hs.Close()
		self := hs.AddUser("me")
		room := hs.CreateRoom("#room:hs")
		hs.Join(self, room)
		me := &reader{t: t, hs: hs, http: &http.Client{Transport: hs.Transport()}, token: hs.Token(self)}
		me.poll(0)
		test(t, hs, me, room)
	})
}

// poll asks once, waiting for news up to d.
func (r *reader) poll(d time.Duration) answer {
	r.t.Helper()
	a, err := r.try(d)
	if err != nil {
		r.t.Fatal(err)
	}
	r.since = a.NextBatch
	return a
}

func (r *reader) try(d time.Duration) (a answer, err error) {
	query := url.Values{
		"timeout": {fmt.Sprint(d.Milliseconds())}, "set_presence": {"offline"}, "use_state_after": {"true"},
	}
	if r.since != "" {
		query.Set("since", r.since)
	}
	if r.filter != "" {
		query.Set("filter", r.filter)
	}
	req, err := http.NewRequestWithContext(r.t.Context(), http.MethodGet, "http://hs/_matrix/client/v3/sync?"+query.Encode(), nil)
	if err != nil {
		return a, err
	}
	req.Header.Set("Authorization", "Bearer "+r.token)
	res, err := r.http.Do(req)
	if err != nil {
		return a, err
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return a, err
	}
	if res.StatusCode != http.StatusOK {
		return a, fmt.Errorf("status %d: %s", res.StatusCode, body)
	}
	return a, json.Unmarshal(body, &a)
}

// TestPollWaits: an idle poll takes its time, news end it at once.
func TestPollWaits(t *testing.T) {
	t.Parallel()
	inTime(t, synthetic.Quirks{}, func(t *testing.T, hs *synthetic.Server, me *reader, room string) {
		started := time.Now()
		me.poll(30 * time.Second)
		if waited := time.Since(started); waited != 30*time.Second {
			t.Errorf("an idle poll took %s", waited)
		}
		ann := hs.AddUser("ann")
		time.AfterFunc(5*time.Second, func() { hs.Join(ann, room) })
		started = time.Now()
		a := me.poll(30 * time.Second)
		if waited := time.Since(started); waited != 5*time.Second {
			t.Errorf("news came after %s", waited)
		}
		if got := a.Rooms.Join[room].Timeline.Events; len(got) != 1 || got[0].StateKey != ann {
			t.Errorf("timeline %+v", got)
		}
	})
}

// TestFilterThatHidesMembersLosesThem is the trap of the first aggregator: what
// the timeline's filter hides is not in state either.
func TestFilterThatHidesMembersLosesThem(t *testing.T) {
	t.Parallel()
	inTime(t, synthetic.Synapse(), func(t *testing.T, hs *synthetic.Server, me *reader, room string) {
		me.filter = `{"room":{"timeline":{"types":["m.room.message"]}}}`
		hs.Join(hs.AddUser("ann"), room)
		if got := me.poll(0).Rooms.Join; len(got) != 0 {
			t.Errorf("told %+v", got)
		}
	})
}

// TestGapPutsMembersInState: what does not fit the timeline is in state.
func TestGapPutsMembersInState(t *testing.T) {
	t.Parallel()
	inTime(t, synthetic.Quirks{TimelineLimit: 1}, func(t *testing.T, hs *synthetic.Server, me *reader, room string) {
		ann := hs.AddUser("ann")
		hs.Join(ann, room)
		hs.SendMessage(ann, room)
		hs.SendMessage(ann, room)
		got := me.poll(0).Rooms.Join[room]
		if !got.Timeline.Limited || len(got.Timeline.Events) != 1 || len(got.State.Events) != 1 || got.State.Events[0].StateKey != ann {
			t.Errorf("told %+v", got)
		}
	})
}

// TestMembersInEitherPlace: Dendrite uses state, newer servers state_after.
func TestMembersInEitherPlace(t *testing.T) {
	t.Parallel()
	inTime(t, synthetic.Dendrite(), func(t *testing.T, hs *synthetic.Server, me *reader, room string) {
		hs.Join(hs.AddUser("ann"), room)
		if got := me.poll(0).Rooms.Join[room]; len(got.State.Events) != 1 || len(got.Timeline.Events) != 0 {
			t.Errorf("dendrite told %+v", got)
		}
	})
	inTime(t, synthetic.Quirks{StateAfter: true}, func(t *testing.T, hs *synthetic.Server, me *reader, room string) {
		hs.Join(hs.AddUser("ann"), room)
		if got := me.poll(0).Rooms.Join[room]; len(got.StateAfter.Events) != 1 || len(got.State.Events) != 0 {
			t.Errorf("told %+v", got)
		}
	})
}

// TestTypingEnds: aloud on Synapse; on Dendrite silently, with the next
// response, and then again and again.
func TestTypingEnds(t *testing.T) {
	t.Parallel()
	inTime(t, synthetic.Synapse(), func(t *testing.T, hs *synthetic.Server, me *reader, room string) {
		ann := hs.AddUser("ann")
		hs.Join(ann, room)
		hs.Type(ann, room, 10*time.Second)
		me.poll(0)
		hs.Type(ann, room, 20*time.Second) // prolonged without an event
		started := time.Now()
		got := me.poll(30 * time.Second).Rooms.Join[room].Ephemeral.Events
		if len(got) != 1 || len(got[0].Content.UserIDs) != 0 || time.Since(started) != 20*time.Second {
			t.Errorf("after %s told %+v", time.Since(started), got)
		}
	})
	inTime(t, synthetic.Dendrite(), func(t *testing.T, hs *synthetic.Server, me *reader, room string) {
		ann := hs.AddUser("ann")
		hs.Join(ann, room)
		hs.Type(ann, room, 10*time.Second)
		me.poll(0)
		started := time.Now()
		if me.poll(30 * time.Second); time.Since(started) != 30*time.Second {
			t.Errorf("woken after %s", time.Since(started))
		}
		for _, presence := range []string{"online", "unavailable"} {
			hs.SetPresence(ann, presence)
			if got := me.poll(30 * time.Second).Rooms.Join[room].Ephemeral.Events; len(got) != 1 {
				t.Errorf("told %+v, want the empty list along", got)
			}
		}
	})
}

// TestPresenceHabits: who is told of, and what is lost.
func TestPresenceHabits(t *testing.T) {
	t.Parallel()
	inTime(t, synthetic.Synapse(), func(t *testing.T, hs *synthetic.Server, me *reader, room string) {
		ann, stranger := hs.AddUser("ann"), hs.AddUser("stranger")
		hs.Join(ann, room)
		hs.SetPresence(ann, "offline")
		hs.SetPresence(stranger, "online")
		if got := me.poll(0).Presence.Events; len(got) != 1 || got[0].Sender != ann {
			t.Errorf("told %+v, want ann alone", got)
		}
		me.since = ""
		if got := me.poll(0).Presence.Events; len(got) > 1 {
			t.Errorf("an initial sync told of the offline: %+v", got)
		}
	})
	inTime(t, synthetic.Dendrite(), func(t *testing.T, hs *synthetic.Server, me *reader, room string) {
		for i := range 30 {
			user := hs.AddUser(fmt.Sprint("user", i))
			hs.Join(user, room)
			hs.SetPresence(user, "online")
		}
		if got := me.poll(0).Presence.Events; len(got) != 10 {
			t.Errorf("%d told without a limit in the filter, want 10", len(got))
		}
		if got := me.poll(0).Presence.Events; len(got) != 0 {
			t.Errorf("the excess came later: %+v", got)
		}
	})
}

// TestOutOfRooms: a kick shows as leave, an invite as invite.
func TestOutOfRooms(t *testing.T) {
	t.Parallel()
	inTime(t, synthetic.Synapse(), func(t *testing.T, hs *synthetic.Server, me *reader, room string) {
		hs.Kick("@me:hs", room)
		if a := me.poll(0); a.Rooms.Leave[room] == nil || len(a.Rooms.Join) != 0 {
			t.Errorf("told %+v", a.Rooms)
		}
		hs.Invite("@me:hs", room)
		if a := me.poll(0); a.Rooms.Invite[room] == nil {
			t.Errorf("told %+v", a.Rooms)
		}
		hs.Join("@me:hs", room)
		if got := me.poll(0).Rooms.Join[room].State.Events; len(got) < 3 {
			t.Errorf("after joining again the state holds %+v", got)
		}
	})
}

// TestFaults: each does what it says, once.
func TestFaults(t *testing.T) {
	t.Parallel()
	inTime(t, synthetic.Synapse(), func(t *testing.T, hs *synthetic.Server, me *reader, room string) {
		ann := hs.AddUser("ann")
		hs.Join(ann, room)
		for name, fault := range map[string]synthetic.Fault{"cut": {Lost: true}, "500": synthetic.Refuse(500, "M_UNKNOWN"), "html": synthetic.HTML(200)} {
			hs.Fail("sync", fault)
			if _, err := me.try(0); err == nil {
				t.Errorf("%s: answered well", name)
			}
		}
		before := me.since
		hs.Fail("sync", synthetic.Fault{SameToken: true})
		if a := me.poll(0); a.NextBatch != before || len(a.Rooms.Join) != 1 {
			t.Errorf("same token: %+v", a)
		}
		first := me.poll(0)
		hs.Fail("sync", synthetic.Fault{Repeat: true})
		if again := me.poll(0); again.NextBatch != first.NextBatch || len(again.Rooms.Join) != 1 {
			t.Errorf("repeat: %+v", again)
		}
		hs.ForgetTokens()
		if _, err := me.try(0); err == nil || !strings.Contains(err.Error(), "400") {
			t.Errorf("a forgotten token: %v", err)
		}
		hs.SetDown(true)
		if _, err := me.try(0); err == nil {
			t.Error("answered while down")
		}
	})
}

// TestServesRealSockets: the same server behind net/http.
func TestServesRealSockets(t *testing.T) {
	t.Parallel()
	hs := synthetic.New("hs", synthetic.Synapse())
	defer hs.Close()
	srv := httptest.NewServer(hs)
	defer srv.Close()
	target, err := url.Parse(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	ann := hs.AddUser("ann")
	// On a connection used before, net/http would ask again by itself.
	transport := &http.Transport{DisableKeepAlives: true}
	me := &reader{t: t, hs: hs, token: hs.Token(ann), http: &http.Client{Transport: to{target, transport}}}
	me.poll(0)
	hs.Fail("sync", synthetic.Fault{Lost: true})
	if _, err := me.try(0); err == nil {
		t.Error("a cut connection looked well")
	}
}

// to sends every request to one server.
type to struct {
	target *url.URL
	http.RoundTripper
}

func (t to) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.URL.Scheme, r.URL.Host = t.target.Scheme, t.target.Host
	return t.RoundTripper.RoundTrip(r)
}
