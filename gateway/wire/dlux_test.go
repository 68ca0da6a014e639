package wire_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"presence/gateway/wire"
	"presence/spaces"
)

var (
	moment = time.Date(2026, 3, 4, 5, 6, 7, 8e6, time.UTC)
	lobby  = spaces.Key{Type: spaces.TypeGlobal, ID: "lobby", Subspace: "main"}
)

func alice() wire.Member {
	return wire.Member{
		Ref:  1,
		Pose: &spaces.Pose{Position: spaces.Vec{X: 1, Y: 1.6, Z: -3}, Rotation: spaces.FromEuler(spaces.Vec{Y: 90})},
		Session: spaces.Session{
			ID: "sid-a", Key: lobby, Subject: "hive:alice", Account: "alice", Name: "alice", Door: spaces.DoorSocketIO,
			Avatar: json.RawMessage(`{"model":"fox"}`), Voice: true, ConnectedAt: moment,
		},
	}
}

func guest() wire.Member {
	return wire.Member{Ref: 2, Session: spaces.Session{
		ID: "sid-g", Key: lobby, Subject: "guest:abcdef", Name: "Guest-abcd", Guest: true, Door: spaces.DoorNative, ConnectedAt: moment,
	}}
}

func line() spaces.Message {
	return spaces.Message{
		ID: 7, Key: lobby, ClientID: "c-1", Subject: "guest:abcdef", Name: "Guest-abcd", Guest: true, Type: spaces.MessageText,
		Content: "سلام", Mentions: []string{}, ParentID: 3, Reactions: []spaces.Reaction{}, CreatedAt: moment, UpdatedAt: moment,
	}
}

// remark is a comment on a document.
func remark() spaces.Message {
	return spaces.Message{
		ID: 8, Key: spaces.Key{Type: spaces.TypeDocument, ID: "7", Subspace: spaces.CommentsSubspace}, ClientID: "c-2",
		Subject: "hive:alice", Account: "alice", Name: "Alice", Type: spaces.MessageComment, Content: "why?",
		Metadata: json.RawMessage(`{"comment_type":"question","document_section":"intro","position_data":{"from":3}}`),
		Mentions: []string{}, Reactions: []spaces.Reaction{}, ThreadCount: 1, CreatedAt: moment, UpdatedAt: moment,
	}
}

// payloads takes frames apart and returns their texts.
func payloads(t *testing.T, frames []byte) []string {
	t.Helper()
	var texts []string
	for len(frames) > 0 {
		if frames[0] != 0x81 || len(frames) < 2 {
			t.Fatalf("not a text frame: % x", frames[:min(len(frames), 12)])
		}
		n, header := int(frames[1]), 2
		switch n {
		case 126:
			n, header = int(binary.BigEndian.Uint16(frames[2:])), 4
		case 127:
			n, header = int(binary.BigEndian.Uint64(frames[2:])), 10
		}
		if len(frames) < header+n {
			t.Fatalf("the frame says %d bytes and has %d", n, len(frames)-header)
		}
		texts = append(texts, string(frames[header:header+n]))
		frames = frames[header+n:]
	}
	return texts
}

// TestDLUXEvents holds every event of the first server, and ours beside them,
// to its name and fields, on Socket.IO and for the wallet script.
func TestDLUXEvents(t *testing.T) {
	t.Parallel()
	const (
		keyFields   = `"spaceType":"global","spaceId":"lobby","subspace":"main"`
		aliceFields = `"socketId":"sid-a","userAccount":"alice","display_name":"alice"`
		guestFields = `"socketId":"sid-g","userAccount":null,"display_name":"Guest-abcd"`
		aliceUser   = aliceFields + `,"position":{"x":1,"y":1.6,"z":-3},"rotation":{"x":0,"y":90,"z":0},"avatar_data":{"model":"fox"},"voice_enabled":true,"connected_at":"2026-03-04T05:06:07.008Z"`
		guestUser   = guestFields + `,"position":null,"rotation":null,"avatar_data":null,"voice_enabled":false,"connected_at":"2026-03-04T05:06:07.008Z"`
		row         = `"id":7,"space_type":"global","space_id":"lobby","subspace":"main","user_account":null,"guest_id":"abcdef","message_type":"text","content":"سلام","metadata":null,"parent_message_id":3,"thread_count":0,"is_edited":false,"is_deleted":false,"created_at":"2026-03-04T05:06:07.008Z","updated_at":"2026-03-04T05:06:07.008Z","display_name":"Guest-abcd","subject":"guest:abcdef","reply_to":null,"mentions":[],"reactions":[],"client_id":"c-1","seq":9,"timestamp":1772600767008`
	)
	chat := func(kind spaces.ChatKind) wire.Chat {
		return wire.Chat{Key: lobby, Event: spaces.ChatEvent{Seq: 9, Kind: kind, Message: line(), By: "guest:abcdef", At: moment}}
	}
	for name, c := range map[string]struct {
		event wire.SpaceEvent
		want  []string // name, then the fields
	}{
		"joined": {
			wire.Joined{Key: lobby, Role: spaces.SpaceGuest, Self: guest(), Members: []wire.Member{alice(), guest()}, ChatSeq: 5, At: moment},
			[]string{"space-joined", `"success":true,` + keyFields + `,"socketId":"sid-g","userAccount":null,"role":"guest","users":[{` + aliceUser + `},{` + guestUser + `}],"chat_seq":5,"timestamp":1772600767008`},
		},
		"member joined":  {wire.MemberJoined{Member: alice(), At: moment}, []string{"user-joined", aliceUser + `,"timestamp":1772600767008`}},
		"member changed": {wire.MemberChanged{Member: alice(), At: moment}, []string{"user-updated", aliceUser + `,"timestamp":1772600767008`}},
		"member left":    {wire.MemberLeft{Member: guest(), At: moment}, []string{"user-left", guestFields + `,"timestamp":1772600767008`}},
		"waiting":        {wire.Waiting{Key: lobby, Position: 2, Length: 3, Seats: 50}, []string{"space-queued", `"success":false,"queued":true,"message":"the space is full; you are in line and will be let in by itself",` + keyFields + `,"queue_info":{"position":2,"length":3},"capacity":{"total":50}`}},
		"left":           {wire.Left{Key: lobby}, []string{"space-left", keyFields + `,"reason":""`}},
		"kicked":         {wire.Left{Key: lobby, Reason: "be kind"}, []string{"space-left", keyFields + `,"reason":"be kind"`, "space-error", `"error":"be kind"`}},
		"chat":           {chat(spaces.ChatNew), []string{"chat-message", row}},
		"edited":         {chat(spaces.ChatEdited), []string{"chat-edit", row}},
		"deleted":        {chat(spaces.ChatDeleted), []string{"chat-delete", row}},
		"comment":        {wire.Comment{Event: spaces.ChatEvent{Seq: 2, Kind: spaces.ChatNew, Message: remark(), By: "hive:alice", At: moment}}, []string{"document-comment", `"id":8,"document_id":7,"user_account":"alice","content":"why?","comment_type":"question","document_section":"intro","position_data":{"from":3},"parent_comment_id":null,"thread_count":1,"is_resolved":false,"is_edited":false,"is_deleted":false,"created_at":"2026-03-04T05:06:07.008Z","updated_at":"2026-03-04T05:06:07.008Z","display_name":"Alice","subject":"hive:alice","reply_to":null,"mentions":[],"client_id":"c-2","seq":2,"timestamp":1772600767008`}},
		"reaction":       {chat(spaces.ChatReaction), []string{"chat-reaction", `"messageId":7,"reactions":[],"by":"guest:abcdef","userAccount":null,"seq":9,"timestamp":1772600767008`}},
		"typing":         {wire.Typing{Key: lobby, Members: []wire.Member{alice()}}, []string{"typing", `"users":[{` + aliceFields + `}]`}},
		"offer":          {wire.Signal{From: alice(), Kind: wire.SignalOffer, Data: json.RawMessage(`{"sdp":"x"}`)}, []string{"webrtc-offer", `"offer":{"sdp":"x"},"fromSocketId":"sid-a","fromUser":"alice"`}},
		"answer":         {wire.Signal{From: guest(), Kind: wire.SignalAnswer, Data: json.RawMessage(`{"sdp":"x"}`)}, []string{"webrtc-answer", `"answer":{"sdp":"x"},"fromSocketId":"sid-g","fromUser":null`}},
		"candidate":      {wire.Signal{From: alice(), Kind: wire.SignalCandidate, Data: json.RawMessage(`{}`)}, []string{"webrtc-ice-candidate", `"candidate":{},"fromSocketId":"sid-a"`}},
		"emote":          {wire.Emote{From: alice(), Emote: "wave", At: moment}, []string{"emote", aliceFields + `,"emote":"wave","timestamp":1772600767008`}},
		"entities":       {wire.Entity{From: alice(), Kind: wire.EntityAFrame, Data: json.RawMessage(`{"entities":{"box":1}}`), At: moment}, []string{"aframe-update", aliceFields + `,"entityData":{"entities":{"box":1}},"timestamp":1772600767008`}},
		"naf entity":     {wire.Entity{From: alice(), Kind: wire.EntityNAF, Type: "u", Data: json.RawMessage(`{}`)}, nil},
		"roster":         {wire.Roster{Key: lobby, Members: slices.Values([]wire.Member{alice()})}, nil},
		"refused":        {wire.Refused{Op: "join-space", Err: spaces.NoSpace()}, []string{"space-error", `"error":"Space not found or access denied","code":"not_found","event":"join-space"`}},
		"refused chat":   {wire.Refused{Op: "chat-message", Err: spaces.Invalid("content", "is missing")}, []string{"chat-error", `"error":"content: is missing","code":"invalid","field":"content","event":"chat-message"`}},
		"our fault":      {wire.Refused{Op: "emote", Err: errors.New("secret: s3cr3t")}, []string{"space-error", `"error":"something went wrong on our side. Try again; if it stays, tell the operator when it happened","code":"internal","event":"emote"`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var socketio, raw []string
			for i := 0; i < len(c.want); i += 2 {
				fields := c.want[i+1]
				socketio = append(socketio, `42["`+c.want[i]+`",{`+fields+`}]`)
				if strings.HasPrefix(c.want[i], "chat-") && strings.Contains(fields, `"content"`) && c.want[i] != "chat-error" {
					fields += `,"user":"Guest-abcd","message":"سلام"`
				}
				raw = append(raw, `{"type":"`+c.want[i]+`",`+fields+`}`)
			}
			if got := payloads(t, wire.DLUX{}.Event(nil, c.event)); !slices.Equal(got, socketio) {
				t.Errorf("Socket.IO:\n%s\nwant\n%s", got, socketio)
			}
			if got := payloads(t, wire.DLUX{Raw: true}.Event(nil, c.event)); !slices.Equal(got, raw) {
				t.Errorf("wallet script:\n%s\nwant\n%s", got, raw)
			}
		})
	}
}

// TestDLUXCustom checks that an application gets its own object back and cannot
// speak as the server.
func TestDLUXCustom(t *testing.T) {
	t.Parallel()
	custom := func(name, data string) wire.Entity {
		return wire.Entity{From: alice(), Kind: wire.EntityCustom, Type: name, Data: json.RawMessage(data), At: moment}
	}
	for _, c := range []struct {
		event wire.Entity
		raw   string
	}{
		{custom("chess-move", `{"from":"e2","room":"a/b:main"}`), `{"from":"e2","room":"a/b:main","type":"chess-move","socketId":"sid-a","userAccount":"alice"}`},
		{custom("tick", `{}`), `{"type":"tick","socketId":"sid-a","userAccount":"alice"}`},
		{custom("score", `42`), `{"data":42,"type":"score","socketId":"sid-a","userAccount":"alice"}`},
		{custom("user-left", `{"socketId":"x"}`), `{"data":{"socketId":"x"},"name":"user-left","type":"custom","socketId":"sid-a","userAccount":"alice"}`},
	} {
		if got := payloads(t, wire.DLUX{Raw: true}.Event(nil, c.event)); len(got) != 1 || got[0] != c.raw {
			t.Errorf("got %s, want %s", got, c.raw)
		}
	}
	want := `42["custom",{"socketId":"sid-a","userAccount":"alice","display_name":"alice","name":"score","data":42,"timestamp":1772600767008}]`
	if got := payloads(t, wire.DLUX{}.Event(nil, custom("score", `42`))); len(got) != 1 || got[0] != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestDLUXPoses checks both origins of a movement: this door's own payload, and
// a pose of another door in the same terms.
func TestDLUXPoses(t *testing.T) {
	t.Parallel()
	a, g := alice().Session, guest().Session
	movers := []wire.Mover{
		{Ref: 1, Session: &a, Pose: *alice().Pose, DLUX: json.RawMessage(`{"position":{"x":1,"y":1.6,"z":-3},"hat":"red"}`), At: moment},
		{Ref: 2, Session: &g, Pose: spaces.Pose{Position: spaces.Vec{X: -0.00001, Y: 2.34567}, Rotation: spaces.FromEuler(spaces.Vec{X: 10, Y: -45.5})}, At: moment},
	}
	want := []string{
		`42["aframe-update",{"socketId":"sid-a","userAccount":"alice","entityData":{"position":{"x":1,"y":1.6,"z":-3},"hat":"red"},"timestamp":1772600767008}]`,
		`42["aframe-update",{"socketId":"sid-g","userAccount":null,"entityData":{"position":{"x":0,"y":2.346,"z":0},"rotation":{"x":10,"y":-45.5,"z":0}},"timestamp":1772600767008}]`,
	}
	if got := payloads(t, wire.DLUX{}.Poses(nil, moment, movers)); !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	for i, text := range payloads(t, wire.DLUX{Raw: true}.Poses([]byte{}, moment, movers)) {
		inner := strings.TrimSuffix(strings.TrimPrefix(want[i], `42["aframe-update",{`), `]`)
		if text != `{"type":"aframe-update",`+inner {
			t.Errorf("wallet script: %s", text)
		}
	}
}

// TestFrameSizes checks the three forms of a frame's length.
func TestFrameSizes(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 60, 125, 126, 1000, 70_000} {
		e := wire.Entity{From: alice(), Kind: wire.EntityCustom, Type: "x", Data: json.RawMessage(`"` + strings.Repeat("ä", n) + `"`)}
		before := []byte{0x81, 0}
		frames := wire.DLUX{Raw: true}.Event(bytes.Clone(before), e)
		texts := payloads(t, frames)
		if len(texts) != 2 || !json.Valid([]byte(texts[1])) || strings.Count(texts[1], "ä") != n {
			t.Errorf("%d: %d frames", n, len(texts))
		}
	}
}
