package door_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"presence/gateway/door"
	"presence/gateway/hub"
	"presence/gateway/wire"
	"presence/spaces"
)

// TestNativeSeeEachOther is the point of it all.
func TestNativeSeeEachOther(t *testing.T) {
	t.Parallel()
	w := newTown(t, nil)
	alice := w.enter("alice")
	bob := w.enter("guest-bob")
	if n := alice.until("member.joined"); n.Member.Session != bob.session || n.Member.Ref != bob.ref || !n.Member.Guest || n.Member.Account != "" {
		t.Fatalf("alice hears %s", n.raw)
	}
	alice.move(1, 2)
	bob.move(-3, 4)
	alice.sees(bob.ref, -3, 4)
	bob.sees(alice.ref, 1, 2)
	carol := w.arrive("carol")
	joined := carol.join(lobby)
	if len(joined.Members) != 3 || joined.TickMS == 0 || joined.Now == 0 {
		t.Fatalf("carol finds %s", joined.raw)
	}
	carol.sees(alice.ref, 1, 2)
	carol.sees(bob.ref, -3, 4)
}

// TestNativeRequests goes once through what a client may ask for.
func TestNativeRequests(t *testing.T) {
	t.Parallel()
	lines := &lineChat{}
	w := newTown(t, func(h *hub.Config, n *door.NativeConfig) { h.Chat, n.Chat = lines, lines })
	alice, bob := w.enter("alice"), w.enter("bob")
	ask := func(request string) notice {
		t.Helper()
		alice.say(request)
		return alice.first(func(n notice) bool { return n.Type == "ack" || n.Type == "error" })
	}
	acked := func(request string) notice {
		t.Helper()
		n := ask(request)
		if n.Type != "ack" || string(n.ID) != "7" {
			t.Errorf("%s is answered with %s", request, n.raw)
		}
		return n
	}
	if n := acked(`{"type":"ping","id":7}`); n.Now == 0 {
		t.Errorf("a ping is answered with %s", n.raw)
	}
	acked(`{"type":"avatar","id":7,"avatar":{"hat":"red"}}`)
	if n := bob.until("member.changed"); string(n.Member.Avatar) != `{"hat":"red"}` {
		t.Errorf("a new hat is %s", n.raw)
	}
	acked(`{"type":"voice","id":7,"on":true}`)
	if n := bob.until("member.changed"); !n.Member.Voice {
		t.Errorf("a voice is %s", n.raw)
	}
	acked(`{"type":"typing","id":7,"on":true}`)
	if n := bob.until("typing"); len(n.Sessions) != 1 || n.Sessions[0] != alice.session {
		t.Errorf("typing is %s", n.raw)
	}
	acked(`{"type":"emote","id":7,"emote":"wave"}`)
	if n := bob.until("emote"); n.From != alice.session || n.Emote != "wave" {
		t.Errorf("an emote is %s", n.raw)
	}
	acked(`{"type":"entity","id":7,"data":{"door":"open"}}`)
	if n := bob.until("entity"); n.From != alice.session || string(n.Data) != `{"door":"open"}` {
		t.Errorf("an entity is %s", n.raw)
	}
	acked(`{"type":"custom","id":7,"name":"chess-move","data":[1]}`)
	acked(fmt.Sprintf(`{"type":"custom","id":7,"name":"to-you","data":[2],"to":%q}`, bob.session))
	for _, name := range []string{"chess-move", "to-you"} {
		if n := bob.until("custom"); n.From != alice.session || n.Name != name {
			t.Errorf("%s is %s", name, n.raw)
		}
	}
	acked(fmt.Sprintf(`{"type":"signal","id":7,"to":%q,"kind":"offer","data":{"sdp":"x"}}`, bob.session))
	if n := bob.until("signal"); n.From != alice.session || n.Kind != "offer" || string(n.Data) != `{"sdp":"x"}` {
		t.Errorf("an offer is %s", n.raw)
	}
	testNativeChat(t, acked, bob)
	acked(`{"type":"leave","id":7}`)
	if n := bob.until("member.left"); n.Session != alice.session {
		t.Errorf("a leaving is %s", n.raw)
	}
	if n := ask(`{"type":"emote","id":7,"emote":"wave"}`); n.Type != "error" || n.Code != "conflict" || n.Op != "emote" {
		t.Errorf("outside, an emote is %s", n.raw)
	}
	if n := alice.join(lobby); len(n.Members) != 2 {
		t.Errorf("back inside, alice finds %s", n.raw)
	}
}

func testNativeChat(t *testing.T, acked func(string) notice, bob *resident) {
	t.Helper()
	sent := acked(`{"type":"chat.send","id":7,"client_id":"c1","content":"hello"}`)
	var m spaces.Message
	if err := json.Unmarshal(sent.Message, &m); err != nil || m.Content != "hello" || m.Key.String() != lobby {
		t.Errorf("a line is acknowledged with %s, %v", sent.raw, err)
	}
	if n := bob.until("chat"); n.Event.Message.ID != m.ID || n.Event.Seq != 1 {
		t.Errorf("bob reads %s", n.raw)
	}
	for request, want := range map[string]string{
		`{"type":"chat.edit","id":7,"message_id":1,"content":"ho"}`:            `"content":"ho"`,
		`{"type":"chat.react","id":7,"message_id":1,"reaction":"+","on":true}`: `"message"`,
		`{"type":"chat.delete","id":7,"message_id":1}`:                         `"deleted":true`,
		`{"type":"chat.history","id":7}`:                                       `"messages":[],"has_more":true`,
		`{"type":"chat.since","id":7,"seq":0}`:                                 `"events":[],"next":5,"more":false,"reset":true`,
		`{"type":"chat.read","id":7,"message_id":1}`:                           `{"type":"ack","id":7}`,
	} {
		if n := acked(request); !strings.Contains(n.raw, want) {
			t.Errorf("%s is answered with %s", request, n.raw)
		}
	}
}

// TestNativeFaults are the first server's faults at the socket, which ours must
// not have.
func TestNativeFaults(t *testing.T) {
	t.Parallel()
	w := newTown(t, nil)
	private := spaces.Key{Type: spaces.TypeDocument, ID: "7", Subspace: spaces.MainSubspace}
	w.people.change(func() { w.people.private[private] = true })
	alice, outsider := w.enter("alice"), w.arrive("mallory")
	fails := func(c *resident, request, code, field string) {
		t.Helper()
		c.say(request)
		n := c.until("error")
		if n.Code != code || n.Field != field || len(n.Message) < 4 || strings.Contains(n.raw, "goroutine") {
			t.Errorf("%s is answered with %s, want %s of %q", request, n.raw, code, field)
		}
	}
	// 7.1 #1: signalling without an argument, inside and outside.
	for _, c := range []*resident{alice, outsider} {
		fails(c, `{"type":"signal"}`, "invalid", "to")
		fails(c, `{"type":"signal","to":"x"}`, "invalid", "data")
	}
	// 7.1 #2: nobody is who they say they are.
	outsider.say(`{"type":"join","space":"global:lobby","account":"alice","subject":"hive:alice","name":"alice","userAccount":"alice"}`)
	outsider.until("joined")
	if n := alice.until("member.joined"); n.Member.Subject != "hive:mallory" || n.Member.Account != "mallory" {
		t.Errorf("mallory is taken for %s", n.raw)
	}
	// 7.1 #3: no entrance to what is private or not there.
	fails(outsider, `{"type":"join","space":"document:7"}`, "not_found", "")
	fails(outsider, `{"type":"join","space":"planet:mars"}`, "invalid", "space_type")
	fails(outsider, fmt.Sprintf(`{"type":"join","space":"global:%s"}`, strings.Repeat("x", 5000)), "invalid", "space_id")
	// 7.1 #4: a space is no session, and members of other spaces cannot be reached.
	elsewhere := w.arrive("elsewhere")
	elsewhere.join("global:lobby:cellar")
	for _, to := range []string{lobby, "global:lobby:cellar", elsewhere.session, "chat:" + lobby} {
		fails(outsider, fmt.Sprintf(`{"type":"signal","to":%q,"kind":"offer","data":{}}`, to), "not_found", "to")
	}
	// 7.1 #9: sizes.
	fails(outsider, `{"type":"entity","data":"`+strings.Repeat("x", 17<<10)+`"}`, "too_large", "data")
	fails(outsider, `{"type":"avatar","avatar":{"x":"`+strings.Repeat("x", 3<<10)+`"}}`, "too_large", "avatar")
	// 7.2 #4: who comes late is told names and places.
	alice.move(3, 3)
	outsider.sees(alice.ref, 3, 3)
	late := w.arrive("late").join(lobby)
	for _, m := range late.Members {
		if m.Session == alice.session && (m.Account != "alice" || m.Pose == nil || m.Pose.P[0] != 3) {
			t.Errorf("of alice a late guest is told %+v", m)
		}
	}
}

// TestNativeGarbage: whatever comes is answered in words, and the socket stays.
func TestNativeGarbage(t *testing.T) {
	t.Parallel()
	w := newTown(t, nil)
	c := w.enter("alice")
	for _, text := range []string{``, `x`, `[]`, `{}`, `{"type":"dance"}`, `{"type":"join"}`, `{"type":"emote","emote":{}}`, "\xff\xfe", `{"type":"chat.send","content":"no chat here"}`} {
		c.say(text)
		if n := c.until("error"); n.Code == "internal" || n.Code == "" {
			t.Errorf("%q is answered with %s", text, n.raw)
		}
	}
	// About poses it complains once in a while only.
	for _, b := range [][]byte{{}, {1}, {2, 0, 0, 0, 0, 0}, bytes.Repeat([]byte{1}, 50), {1, 0xf0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}} {
		c.write(websocket.MessageBinary, b)
	}
	if n := c.until("error"); n.Op != "pose" || n.Code != "invalid" {
		t.Errorf("a bad pose is answered with %s", n.raw)
	}
	c.say(`{"type":"ping","id":"still here"}`)
	c.until("ack")
}

// TestNativeFlood: who says too much is closed, and nobody else notices.
func TestNativeFlood(t *testing.T) {
	t.Parallel()
	w := newTown(t, nil)
	alice, bob := w.enter("alice"), w.enter("bob")
	flooder := w.enter("flooder")
	go func() {
		for range 1000 {
			if flooder.ws.Write(context.Background(), websocket.MessageText, []byte(`{"type":"ping"}`)) != nil {
				return
			}
		}
	}()
	if code, reason := flooder.closed(); code != int(wire.CloseFlood.Code) {
		t.Errorf("closed with %d %s", code, reason)
	}
	alice.first(func(n notice) bool { return n.Type == "member.left" && n.Session == flooder.session })
	large := w.enter("large")
	large.say(`{"type":"entity","data":"` + strings.Repeat("x", wire.MaxNative) + `"}`)
	if code, reason := large.closed(); code != int(wire.CloseTooBig.Code) {
		t.Errorf("closed with %d %s", code, reason)
	}
	alice.move(1, 1)
	bob.sees(alice.ref, 1, 1)
}

// TestNativeRightsEnd: tokens that expire, logins that are ended, bans and kicks.
func TestNativeRightsEnd(t *testing.T) {
	t.Parallel()
	w := newTown(t, nil)
	alice := w.enter("alice")
	w.people.change(func() { w.people.expires["short"] = time.Now().Add(time.Second) })
	short := w.arrive("short")
	if code, reason := short.closed(); code != int(wire.CloseExpired.Code) || reason != wire.CloseExpired.Reason {
		t.Errorf("an expired token: %d %s", code, reason)
	}
	ended, idle := w.enter("ended"), w.arrive("idle")
	w.people.change(func() { w.people.revoked["login-ended"], w.people.revoked["login-idle"] = true, true })
	for _, c := range []*resident{ended, idle} {
		if code, reason := c.closed(); code != int(wire.CloseRevoked.Code) || reason != wire.CloseRevoked.Reason {
			t.Errorf("a login that was ended: %d %s", code, reason)
		}
	}
	banned := w.enter("banned")
	w.people.change(func() { w.people.banned["hive:banned"] = "shouting" })
	if n := banned.until("left"); n.Space != lobby || !strings.Contains(n.Reason, "shouting") {
		t.Errorf("a banned member reads %s", n.raw)
	}
	banned.say(`{"type":"join","space":"global:lobby","id":1}`)
	if n := banned.until("error"); n.Code != "forbidden" {
		t.Errorf("a banned guest reads %s", n.raw)
	}
	left := map[string]bool{}
	for len(left) < 2 {
		left[alice.until("member.left").Session] = true
	}
	if !left[ended.session] || !left[banned.session] {
		t.Errorf("alice hears %v leaving", left)
	}
}

// TestNativeSentAway: who was kicked writes nothing into the space any more,
// as somebody who left.
func TestNativeSentAway(t *testing.T) {
	t.Parallel()
	lines := &lineChat{}
	w := newTown(t, func(h *hub.Config, n *door.NativeConfig) { h.Chat, n.Chat = lines, lines })
	alice, bob := w.enter("alice"), w.enter("bob")
	if err := w.hub.Expel(t.Context(), spaces.Key{Type: spaces.TypeGlobal, ID: "lobby", Subspace: "main"}, "hive:bob", "enough"); err != nil {
		t.Fatal(err)
	}
	if n := bob.until("left"); n.Reason != "enough" {
		t.Fatalf("bob reads %s", n.raw)
	}
	alice.until("member.left")
	for deadline := time.Now().Add(nativeSoon); ; { // its end is seen a moment after it is told
		bob.say(`{"type":"chat.send","id":1,"content":"but"}`)
		n := bob.first(func(n notice) bool { return n.Type == "ack" || n.Type == "error" })
		if n.Type == "error" && n.Code == "conflict" {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("a line of somebody outside is answered with %s", n.raw)
		}
	}
}

// TestNativeRefusals come before the upgrade, as problems.
func TestNativeRefusals(t *testing.T) {
	t.Parallel()
	w := newTown(t, nil)
	for name, c := range map[string]struct {
		header http.Header
		want   int
	}{
		"no credential":  {http.Header{"Sec-Websocket-Protocol": {wire.SubprotocolSpace}}, http.StatusUnauthorized},
		"no subprotocol": {http.Header{"Authorization": {"Bearer alice"}}, http.StatusUnprocessableEntity},
		"foreign origin": {http.Header{"Authorization": {"Bearer alice"}, "Sec-Websocket-Protocol": {wire.SubprotocolSpace}, "Origin": {"https://evil.example"}}, http.StatusForbidden},
		"no upgrade":     {http.Header{"Authorization": {"Bearer alice"}, "Sec-Websocket-Protocol": {wire.SubprotocolSpace}, "Upgrade": {}}, http.StatusUpgradeRequired},
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.url, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header = http.Header{"Connection": {"Upgrade"}, "Upgrade": {"websocket"}, "Sec-Websocket-Version": {"13"}, "Sec-Websocket-Key": {"AAAAAAAAAAAAAAAAAAAAAA=="}}
		maps.Copy(r.Header, c.header)
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != c.want || response.Header.Get("Content-Type") != wire.ProblemType {
			t.Errorf("%s: %d %s", name, response.StatusCode, response.Header.Get("Content-Type"))
		}
	}
	http.DefaultClient.CloseIdleConnections()
}

// lineChat is a Chat without a store.
type lineChat struct{ deliver func([]spaces.ChatEvent) }

func (c *lineChat) Follow(_ spaces.Key, deliver func([]spaces.ChatEvent)) (int64, func(), error) {
	c.deliver = deliver
	return 0, func() {}, nil
}

func (c *lineChat) line(k spaces.Key, content string) spaces.Message {
	return spaces.Message{ID: 1, Key: k, Content: content, Mentions: []string{}, Reactions: []spaces.Reaction{}}
}

func (c *lineChat) Send(_ context.Context, _ spaces.Viewer, k spaces.Key, d spaces.Draft) (spaces.Message, error) {
	m := c.line(k, d.Content)
	c.deliver([]spaces.ChatEvent{{Seq: 1, Kind: spaces.ChatNew, Message: m}})
	return m, nil
}

func (c *lineChat) Edit(_ context.Context, _ spaces.Viewer, k spaces.Key, _ int64, content string) (spaces.Message, error) {
	return c.line(k, content), nil
}

func (c *lineChat) Delete(_ context.Context, _ spaces.Viewer, k spaces.Key, _ int64) (spaces.Message, error) {
	m := c.line(k, "")
	m.Deleted = true
	return m, nil
}

func (c *lineChat) React(_ context.Context, _ spaces.Viewer, k spaces.Key, _ int64, _ string, _ bool) (spaces.Message, error) {
	return c.line(k, "x"), nil
}

func (c *lineChat) History(context.Context, spaces.Viewer, spaces.Key, spaces.HistoryQuery) (spaces.History, error) {
	return spaces.History{Messages: []spaces.Message{}, More: true}, nil
}

func (c *lineChat) Since(context.Context, spaces.Viewer, spaces.Key, int64, int) (spaces.ChatSince, error) {
	return spaces.ChatSince{Events: []spaces.ChatEvent{}, Next: 5, Reset: true}, nil
}

func (c *lineChat) MarkRead(context.Context, spaces.Viewer, spaces.Key, int64) (spaces.Subscription, error) {
	return spaces.Subscription{}, nil
}
