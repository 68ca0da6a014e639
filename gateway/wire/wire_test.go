package wire_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"
	"unicode/utf8"

	"presence/gateway/wire"
	"presence/spaces"
)

func general() wire.RoomState {
	return wire.RoomState{
		Link: spaces.Link{
			Slug: "general", ID: "room_city_general", RoomID: "!a:test", Alias: "#city_general:test",
			Name: "General <&> \"hall\"", Zone: "central", RoomType: "public", Icon: "chat", Color: "#aabbcc", Public: true,
		},
		Place: spaces.Rect{X: 1, Y: 2, W: 2, H: 1},
		Presence: &spaces.RoomPresence{
			Slug: "general", OnlineCount: 3, TypingCount: 1, TypingUsers: []string{"@secret:test"}, LastEventTS: 77,
			ActiveCount: 2, IdleCount: 1, MemberCount: 9, AgentCount: 1,
			Agents: []spaces.Agent{{UserID: "@bot:test", Name: "Bot", Status: "online"}},
			Source: spaces.SourceMixed, AsOf: 55, Version: 4, VRCount: 2,
		},
	}
}

// lab is linked and unknown; old was known once.
func lab() wire.RoomState {
	return wire.RoomState{Link: spaces.Link{Slug: "lab", ID: "room_city_lab", Name: "lab", Zone: "north"}}
}

func old() wire.RoomState {
	s := general()
	s.Presence, s.Last = nil, s.Presence
	return s
}

func status() wire.Status {
	return wire.Status{State: spaces.StateLive, Sync: spaces.SyncOK, AsOf: 99, Presence: "supported", Source: spaces.SourceMatrix}
}

func totals() *spaces.CityPresence {
	t := spaces.Totals{OnlineCount: 3, ActiveCount: 2, IdleCount: 1, AgentCount: 1, TypingCount: 1, RoomsOnline: 1, RoomsUnseen: 2}
	return &spaces.CityPresence{Totals: t, Zones: []spaces.ZonePresence{{Zone: "central", Totals: t}}}
}

const (
	v1General  = `{"room_slug":"general","online_count":3,"typing_count":1,"active_count":2,"idle_count":1,"agent_count":1,"stale":false,"source":"mixed","as_of":55,"vr_count":2}`
	v1Delta    = `{"type":"room.presence","room_slug":"general","online_count":3,"typing_count":1,"active_count":2,"idle_count":1,"agent_count":1,"stale":false,"source":"mixed","as_of":55,"vr_count":2}`
	v1Unknown  = `{"type":"room.presence","room_slug":"general","online_count":3,"typing_count":1,"active_count":2,"idle_count":1,"agent_count":1,"stale":true,"unknown":true,"source":"mixed","as_of":55,"vr_count":2}`
	v2Presence = `{"online_count":3,"active_count":2,"idle_count":1,"typing_count":1,"agent_count":1,"agents":[{"display_name":"Bot","status":"online"}],"member_count":9,"source":"mixed","stale":false,"as_of":55,"last_event_ts":77,"vr_count":2}`
	v2General  = `{"slug":"general","id":"room_city_general","name":"General \u003c\u0026\u003e \"hall\"","description":"","zone":"central","room_type":"public","icon":"chat","color":"#aabbcc","is_public":true,"matrix_room_id":"!a:test","matrix_room_alias":"#city_general:test","map":{"x":1,"y":2,"w":2,"h":1},"presence":` + v2Presence + `}`
	v2Lab      = `{"slug":"lab","id":"room_city_lab","name":"lab","description":"","zone":"north","room_type":"","icon":"","color":"","is_public":false,"matrix_room_id":"","matrix_room_alias":"","map":{"x":0,"y":0,"w":0,"h":0},"presence":null}`
	v2Status   = `{"state":"live","sync":"ok","as_of":99,"presence":"supported","source":"matrix","message":""}`
	v2Totals   = `"totals":{"online_count":3,"active_count":2,"idle_count":1,"agent_count":1,"typing_count":1,"rooms_online":1,"rooms_unseen":2},"zones":[{"zone":"central","online_count":3,"active_count":2,"idle_count":1,"agent_count":1,"typing_count":1,"rooms_online":1,"rooms_unseen":2}]`
)

// TestCityMessages holds every message of both formats, byte for byte: clients
// out there parse them.
func TestCityMessages(t *testing.T) {
	t.Parallel()
	v1, v2 := wire.FormatV1.Encoder(), wire.FormatV2.Encoder()
	g, l, o := wire.EncodeRoom(general()), wire.EncodeRoom(lab()), wire.EncodeRoom(old())
	stale := general()
	stale.Stale = true
	city := wire.City{TS: 5, Status: status(), Totals: totals(), Grid: spaces.Rect{W: 6, H: 4}, Rooms: []*wire.Room{g, l}}
	for name, c := range map[string]struct{ got, want string }{
		"v1 snapshot":       {string(v1.Snapshot(nil, 1, city)), `{"type":"snapshot","rooms":[` + v1General + `]}`},
		"v1 empty snapshot": {string(v1.Snapshot(nil, 1, wire.City{})), `{"type":"snapshot","rooms":[]}`},
		"v1 room":           {string(v1.Room(nil, 1, g)), v1Delta},
		"v1 unknown":        {string(v1.Room(nil, 1, o)), v1Unknown},
		"v1 never known":    {string(v1.Room(nil, 1, l)), ``},
		"v1 link":           {string(v1.Link(nil, 1, g)), v1Delta},
		"v1 unknown link":   {string(v1.Link(nil, 1, o)), ``},
		"v1 gone":           {string(v1.Gone(nil, 1, "general")), `{"type":"room.removed","room_slug":"general"}`},
		"v1 totals":         {string(v1.Totals(nil, 1, totals())), ``},
		"v1 status":         {string(v1.Status(nil, 1, status())), ``},
		"v2 snapshot":       {string(v2.Snapshot(nil, 41, city)), `{"type":"city.snapshot","seq":41,"ts":5,"status":` + v2Status + `,` + v2Totals + `,"grid":{"w":6,"h":4},"rooms":[` + v2General + `,` + v2Lab + `]}`},
		"v2 room":           {string(v2.Room(nil, 42, g)), `{"type":"city.room","seq":42,"slug":"general","presence":` + v2Presence + `}`},
		"v2 stale":          {string(v2.Room(nil, 42, wire.EncodeRoom(stale))), `{"type":"city.room","seq":42,"slug":"general","presence":` + string(bytes.Replace([]byte(v2Presence), []byte(`"stale":false`), []byte(`"stale":true`), 1)) + `}`},
		"v2 unknown":        {string(v2.Room(nil, 42, o)), `{"type":"city.room","seq":42,"slug":"general","presence":null}`},
		"v2 link":           {string(v2.Link(nil, 43, l)), `{"type":"city.link","seq":43,"room":` + v2Lab + `}`},
		"v2 gone":           {string(v2.Gone(nil, 44, "general")), `{"type":"city.gone","seq":44,"slug":"general"}`},
		"v2 totals":         {string(v2.Totals(nil, 45, totals())), `{"type":"city.totals","seq":45,` + v2Totals + `}`},
		"v2 unknown totals": {string(v2.Totals(nil, 45, nil)), `{"type":"city.totals","seq":45,"totals":null,"zones":[]}`},
		"v2 status":         {string(v2.Status(nil, 46, status())), `{"type":"city.status","seq":46,"status":` + v2Status + `}`},
		"pong":              {string(wire.PongMessage), "\x81\x04pong"},
		"heartbeat":         {string(wire.HeartbeatMessage("guest:1")[2:]), `{"event":"presence.update","user_id":"guest:1","status":"online"}`},
		"error":             {string(wire.ErrorMessage(spaces.Invalid("type", "no such type"))[2:]), `{"type":"error","code":"invalid","detail":"no such type","field":"type"}`},
		"error of ours":     {string(wire.ErrorMessage(errors.New("secret"))[2:]), `{"type":"error","code":"internal","detail":"something went wrong on our side","field":""}`},
		"server-sent event": {string(wire.AppendEvent(nil, 7, []byte(`{}`))), "id: 7\ndata: {}\n\n"},
		"close frame":       {string(wire.Close{Code: 4408, Reason: "slow"}.Frame()), "\x88\x06\x11\x38slow"},
	} {
		if c.got != c.want {
			t.Errorf("%s is\n%s\nwant\n%s", name, c.got, c.want)
		}
	}
}

// TestEventStreamMessages holds the web application's contract.
func TestEventStreamMessages(t *testing.T) {
	t.Parallel()
	g, l := general(), lab()
	view := spaces.CityView{
		Initialized: true, State: spaces.StateLive, AsOf: 99, City: totals(),
		Rooms: []spaces.RoomView{{Link: g.Link, Presence: g.Presence}, {Link: l.Link}},
	}
	now := time.UnixMilli(1_700_000_000_123).Add(456_789 * time.Nanosecond)
	const agent = `{"agent_id":"@bot:test","display_name":"Bot","kind":"agent","status":"online","room_id":"room_city_general","color":null,"node_id":null,"district":null,"model":null,"role":null,"avatar_url":null}`
	const head = `"timestamp":"2023-11-14T22:13:20.123Z","city":{"online_total":3,"rooms_online":1,"agents_online":1,"rooms_unseen":2},"rooms":[`
	const room = `{"room_id":"room_city_general","matrix_room_id":"!a:test","online":3,"typing":1,"agents":[` + agent + `],"slug":"general","stale":false,"source":"mixed","vr_count":2}`
	want := `{"type":"presence_update",` + head + room + `],"agents":[` + agent + `],"state":"live","as_of":99}`
	if got := string(wire.EncodeUpdate(view, now)); got != want {
		t.Errorf("a full snapshot is\n%s\nwant\n%s", got, want)
	}
	want = `{"type":"presence_diff",` + head + `],"agents":[` + agent + `],"removed":["room_city_lab"],"state":"live","as_of":99}`
	if got := string(wire.EncodeDiff(view, map[spaces.Slug]bool{}, []string{"room_city_lab"}, now)); got != want {
		t.Errorf("a diff is\n%s\nwant\n%s", got, want)
	}
	view.City = nil
	if got := wire.EncodeUpdate(view, now); !bytes.Contains(got, []byte(`"online_total":null`)) {
		t.Errorf("unknown totals are %s", got)
	}
}

// TestAgentsStandOnce: an agent is in the lists of all its rooms, and once in
// the city's, where agents_online counts it once.
func TestAgentsStandOnce(t *testing.T) {
	t.Parallel()
	square := general()
	square.Link.Slug, square.Link.ID = "square", "room_city_square"
	p := *square.Presence
	p.Agents = []spaces.Agent{{UserID: "@bot:test", Name: "Bot", Status: "online"}, {UserID: "@cat:test", Name: "Cat", Status: "offline"}}
	view := spaces.CityView{
		Initialized: true, State: spaces.StateLive, City: totals(),
		Rooms: []spaces.RoomView{{Link: general().Link, Presence: general().Presence}, {Link: square.Link, Presence: &p}},
	}
	var full, diff struct {
		City struct {
			AgentsOnline int `json:"agents_online"`
		}
		Rooms  []struct{ Agents []any }
		Agents []struct {
			AgentID string `json:"agent_id"`
			RoomID  string `json:"room_id"`
		}
	}
	for into, text := range map[any][]byte{
		&full: wire.EncodeUpdate(view, time.Now()),
		&diff: wire.EncodeDiff(view, map[spaces.Slug]bool{"square": true}, nil, time.Now()),
	} {
		if err := json.Unmarshal(text, into); err != nil {
			t.Fatal(err)
		}
	}
	if len(full.Rooms) != 2 || len(full.Rooms[0].Agents) != 1 || len(full.Rooms[1].Agents) != 2 || len(diff.Rooms) != 1 {
		t.Errorf("the rooms list %+v and %+v", full.Rooms, diff.Rooms)
	}
	if len(full.Agents) != 2 || full.Agents[0].RoomID != "room_city_general" || full.Agents[1].AgentID != "@cat:test" || full.City.AgentsOnline != 1 {
		t.Errorf("the city lists %+v and counts %d", full.Agents, full.City.AgentsOnline)
	}
	if !slices.Equal(diff.Agents, full.Agents) || diff.City != full.City {
		t.Errorf("the diff lists %+v", diff.Agents)
	}
}

// TestFrameHeader checks the three lengths of RFC 6455 5.2.
func TestFrameHeader(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		n      int
		header string
	}{
		{0, "\x81\x00"}, {125, "\x81\x7d"}, {126, "\x81\x7e\x00\x7e"}, {65535, "\x81\x7e\xff\xff"}, {65536, "\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00"},
	} {
		frame := wire.AppendFrame([]byte("before"), make([]byte, c.n))
		if want := "before" + c.header; len(frame) != len(want)+c.n || string(frame[:len(want)]) != want {
			t.Errorf("%d bytes get the header %q", c.n, frame[6:min(len(frame), 20)])
		}
	}
}

// TestCloses: every close fits its frame and has a name of its own.
func TestCloses(t *testing.T) {
	t.Parallel()
	labels := map[string]bool{}
	for _, c := range []wire.Close{
		wire.CloseGoingAway, wire.CloseProtocol, wire.CloseUnsupported, wire.CloseTooBig, wire.CloseInternal, wire.CloseExpired, wire.CloseRevoked,
		wire.CloseSlow, wire.CloseSilent, wire.CloseFlood,
	} {
		if len(c.Frame()) != 4+len(c.Reason) || len(c.Reason) > 123 || labels[c.Label] {
			t.Errorf("%v is not a good close", c)
		}
		labels[c.Label] = true
	}
}

// FuzzIncoming: no message of a client panics, and each is either understood
// or refused with something that can be shown.
func FuzzIncoming(f *testing.F) {
	for _, seed := range []string{
		"ping", "", "{}", "null", `{"event":"presence.heartbeat","user_id":"u_1"}`, `{"event":5}`, `{"type":"x"}`,
		`[[[[[[`, "\xff", `{"event":"presence.heartbeat","event":"x"}`, `{"Event":"presence.heartbeat"}`, "\x00", `"ping"`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, message []byte) {
		kind, err := wire.DecodeIncoming(message)
		if (kind == 0) != (err != nil) {
			t.Fatalf("%q is both understood and refused", message)
		}
		if err == nil {
			return
		}
		if !errors.Is(err, wire.ErrMalformed) && !errors.Is(err, wire.ErrUnknown) {
			t.Fatalf("%q has no counted fault: %v", message, err)
		}
		frame := wire.ErrorMessage(err)
		payload := frame[bytes.IndexByte(frame, '{'):]
		if !json.Valid(payload) || !utf8.Valid(payload) {
			t.Fatalf("the answer to %q is %q", message, payload)
		}
	})
}
