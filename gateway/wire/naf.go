package wire

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"presence/spaces"
)

// NAF is the encoder of networked-aframe 0.14: the frames {event, data} of its
// uws adapter, or the same events as Socket.IO packets for its socketio adapter.
//
// Template is what this viewer's own avatar is drawn with; members of other
// doors are shown with it, because a scene has no template for strangers. While
// it is empty they are not shown.
type NAF struct {
	SocketIO bool
	Template string
}

// NAFChatID begins the client id of every line that was written as networked-
// aframe data. Such lines reach networked-aframe as the data they were, to
// everybody but the writer, who shows them without an echo.
const NAFChatID = "naf:"

// NAFChat is the data type that is a chat line, as in networked-aframe's own
// example: {txt, name}.
const NAFChat = "chat"

// String is the value of the metric label "format".
func (n NAF) String() string {
	if n.SocketIO {
		return "naf-socketio"
	}
	return "naf-uws"
}

// Shared is false: an entity update of one's own would undo one's own movement.
func (NAF) Shared() bool { return false }

// Rosters asks for [Roster].
func (NAF) Rosters() {}

// Event appends what networked-aframe knows of e.
func (n NAF) Event(dst []byte, e SpaceEvent) []byte {
	switch e := e.(type) {
	case Joined:
		return n.event(dst, "connectSuccess", nafConnected{JoinedTime: joinTime(e.Self.Session), SocketID: e.Self.Session.ID})
	case Roster:
		return n.roster(dst, e)
	case MemberLeft:
		return n.memberLeft(dst, e.Member.Session)
	case Left:
		dst = n.event(dst, "occupantsChanged", nafOccupants{Occupants: map[string]int64{}})
		if e.Reason == "" {
			return dst
		}
		return n.event(dst, "space-error", dluxError{Error: e.Reason})
	case Chat:
		return n.chat(dst, e.Event)
	case Entity:
		if e.Kind == EntityNAF || e.Kind == EntityCustom && !isNAFWord(e.Type) {
			return n.data(dst, e.From.Session.ID, e.Type, e.Data)
		}
	case Refused:
		return n.event(dst, "space-error", dluxErrorOf(e.Op, e.Err))
	}
	return dst
}

// Poses appends an update for each mover: its own entities when it came by
// this door, and one avatar in the viewer's template otherwise.
func (n NAF) Poses(dst []byte, _ time.Time, movers []Mover) []byte {
	for i := range movers {
		m := &movers[i]
		switch {
		case m.NAF != nil:
			dst = n.relay(dst, m.Session.ID, "um", func(b []byte) []byte {
				return append(append(append(b, `{"d":`...), m.NAF...), '}')
			})
		case n.Template != "":
			dst = n.relay(dst, m.Session.ID, "u", func(b []byte) []byte { return n.appendAvatar(b, m) })
		}
	}
	return dst
}

// appendAvatar appends the whole entity of a member of another door. It always
// claims to be the first one (isFirstSync): that makes it where it is missing
// and changes nothing where it is not.
func (n NAF) appendAvatar(b []byte, m *Mover) []byte {
	id := m.Session.ID
	b = appendString(append(b, `{"networkId":`...), nafAvatarID(id))
	b = appendString(append(b, `,"owner":`...), id)
	b = appendString(append(b, `,"creator":`...), id)
	b = strconv.AppendInt(append(b, `,"lastOwnerTime":`...), joinTime(*m.Session), 10)
	b = appendString(append(b, `,"template":`...), n.Template)
	b = append(b, `,"persistent":false,"parent":null,"components":{"0":`...)
	p, r := m.Pose.Position, m.Pose.Rotation.Euler()
	b = appendPoint(b, p.X, p.Y, p.Z)
	b = appendPoint(append(b, `,"1":`...), r.X, r.Y, r.Z)
	return append(b, `},"isFirstSync":true}`...)
}

// nafStandIn begins the network id of every avatar that stands for a session
// of another door. No client may use it.
const nafStandIn = "presence-avatar-"

func nafAvatarID(session string) string { return nafStandIn + session }

// roster appends the whole map of occupants: clients compare it with the one
// before, and know no other way to learn who came or went.
func (n NAF) roster(dst []byte, e Roster) []byte {
	occupants := map[string]int64{}
	for m := range e.Members {
		occupants[m.Session.ID] = joinTime(m.Session)
	}
	return n.event(dst, "occupantsChanged", nafOccupants{Occupants: occupants})
}

// memberLeft removes the avatar that stood for a member of another door. What
// networked-aframe's own members leave behind goes with the occupant.
func (n NAF) memberLeft(dst []byte, s spaces.Session) []byte {
	if n.Template == "" || s.Door == spaces.DoorNAF {
		return dst
	}
	return n.data(dst, s.ID, "r", mustJSON(nafRemove{NetworkID: nafAvatarID(s.ID)}))
}

func (n NAF) chat(dst []byte, e spaces.ChatEvent) []byte {
	if e.Kind != spaces.ChatNew || strings.HasPrefix(e.Message.ClientID, NAFChatID) {
		return dst
	}
	return n.data(dst, e.Message.Subject, NAFChat, NAFChatData(e.Message))
}

// NAFChatData is a line as networked-aframe's own example sends it. The name is
// the proven one, or a guest's.
func NAFChatData(m spaces.Message) json.RawMessage {
	return mustJSON(nafChat{Text: m.Content, Name: m.Name})
}

// isNAFWord reports whether a data type means something to networked-aframe or
// to us: an application of another door may not use it.
func isNAFWord(kind string) bool {
	return kind == "u" || kind == "um" || kind == "r" || kind == NAFChat
}

// event appends one of the adapters' own events.
func (n NAF) event(dst []byte, name string, data any) []byte {
	body := mustJSON(data)
	return textFrame(dst, func(b []byte) []byte {
		return n.envelope(b, name, func(b []byte) []byte { return append(b, body...) })
	})
}

// data appends data that is complete as it is.
func (n NAF) data(dst []byte, from, kind string, data json.RawMessage) []byte {
	return n.relay(dst, from, kind, func(b []byte) []byte { return append(b, data...) })
}

// relay appends {from, type, data}. Clients treat broadcast and send alike, so
// everything goes as broadcast.
func (n NAF) relay(dst []byte, from, kind string, data func([]byte) []byte) []byte {
	return textFrame(dst, func(b []byte) []byte {
		return n.envelope(b, "broadcast", func(b []byte) []byte {
			b = appendString(append(b, `{"from":`...), from)
			b = appendString(append(b, `,"type":`...), kind)
			b = data(append(b, `,"data":`...))
			return append(b, '}')
		})
	})
}

func (n NAF) envelope(b []byte, name string, data func([]byte) []byte) []byte {
	if n.SocketIO {
		b = appendString(append(b, "42["...), name)
		return append(data(append(b, ',')), ']')
	}
	b = appendString(append(b, `{"event":`...), name)
	return append(data(append(b, `,"data":`...)), '}')
}

// joinTime is never 0, which clients take for "not there".
func joinTime(s spaces.Session) int64 { return max(1, s.ConnectedAt.UnixMilli()) }

type nafConnected struct {
	JoinedTime int64  `json:"joinedTime"`
	SocketID   string `json:"socketId"`
}

type nafOccupants struct {
	Occupants map[string]int64 `json:"occupants"`
}

type nafRemove struct {
	NetworkID string `json:"networkId"`
}

type nafChat struct {
	Text string `json:"txt"`
	Name string `json:"name"`
}
