package wire

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"presence/spaces"
)

// DLUX is the encoder of the first server's events: packets of Socket.IO 5
// inside Engine.IO 4 messages, or, when Raw, the JSON objects with "type" that
// the shipped wallet script reads from a bare WebSocket.
//
// Names and fields are those of the first server; what it did not have
// (space-left, space-queued, user-updated, chat-edit, chat-delete, typing,
// emote, custom) carries the same kind of fields.
type DLUX struct {
	Raw bool
}

// String is the value of the metric label "format".
func (d DLUX) String() string {
	if d.Raw {
		return "raw"
	}
	return "dlux"
}

// Shared is false: the first server never told a client about itself.
func (DLUX) Shared() bool { return false }

// Event appends e in the first server's words. Acknowledgements are the
// transport's matter: the door answers them itself.
func (d DLUX) Event(dst []byte, e SpaceEvent) []byte {
	switch e := e.(type) {
	case Joined:
		return d.event(dst, "space-joined", dluxJoinedOf(e))
	case MemberJoined:
		return d.event(dst, "user-joined", dluxArrivalOf(e.Member, e.At))
	case MemberChanged:
		return d.event(dst, "user-updated", dluxArrivalOf(e.Member, e.At))
	case MemberLeft:
		return d.event(dst, "user-left", dluxLeaver{dluxFrom: dluxFromOf(e.Member), Timestamp: e.At.UnixMilli()})
	case Waiting:
		return d.event(dst, "space-queued", dluxQueuedOf(e))
	case Left:
		return d.left(dst, e)
	case Chat:
		return d.chat(dst, e)
	case Comment:
		return d.event(dst, "document-comment", dluxComment{NewCommentRow(e.Event.Message), e.Event.Seq, e.Event.At.UnixMilli()})
	case Typing:
		return d.event(dst, "typing", dluxTypingOf(e))
	case Signal:
		return d.signal(dst, e)
	case Emote:
		return d.event(dst, "emote", dluxEmote{dluxFrom: dluxFromOf(e.From), Emote: e.Emote, Timestamp: e.At.UnixMilli()})
	case Entity:
		return d.entity(dst, e)
	case Refused:
		return d.event(dst, refusalName(e.Op), dluxErrorOf(e.Op, e.Err))
	}
	return dst
}

// Poses appends an aframe-update for each mover: its own payload when it came
// by this door, and one in the same terms otherwise.
func (d DLUX) Poses(dst []byte, _ time.Time, movers []Mover) []byte {
	for i := range movers {
		m := &movers[i]
		dst = textFrame(dst, func(b []byte) []byte {
			if d.Raw {
				b = append(b, `{"type":"aframe-update","socketId":`...)
			} else {
				b = append(b, `42["aframe-update",{"socketId":`...)
			}
			b = appendString(b, m.Session.ID)
			b = appendText(append(b, `,"userAccount":`...), m.Session.Account)
			b = appendEntityData(append(b, `,"entityData":`...), m)
			b = strconv.AppendInt(append(b, `,"timestamp":`...), m.At.UnixMilli(), 10)
			if d.Raw {
				return append(b, '}')
			}
			return append(b, "}]"...)
		})
	}
	return dst
}

func appendEntityData(dst []byte, m *Mover) []byte {
	if m.DLUX != nil {
		return append(dst, m.DLUX...)
	}
	p, r := m.Pose.Position, m.Pose.Rotation.Euler()
	dst = appendPoint(append(dst, `{"position":`...), p.X, p.Y, p.Z)
	dst = appendPoint(append(dst, `,"rotation":`...), r.X, r.Y, r.Z)
	return append(dst, '}')
}

// event appends one event with an object as its only argument.
func (d DLUX) event(dst []byte, name string, payload any) []byte {
	body := mustJSON(payload)
	return textFrame(dst, func(b []byte) []byte {
		if !d.Raw {
			b = appendString(append(b, "42["...), name)
			b = append(append(b, ','), body...)
			return append(b, ']')
		}
		b = appendString(append(b, `{"type":`...), name)
		if len(body) > len("{}") {
			b = append(b, ',')
		}
		return append(b, body[1:]...)
	})
}

func (d DLUX) left(dst []byte, e Left) []byte {
	dst = d.event(dst, "space-left", dluxLeft{dluxKey: dluxKeyOf(e.Key), Reason: e.Reason})
	if e.Reason == "" {
		return dst
	}
	// The only word of the first server for a stay that ends unasked.
	return d.event(dst, "space-error", dluxError{Error: e.Reason})
}

func (d DLUX) chat(dst []byte, e Chat) []byte {
	row := dluxLineOf(e.Event)
	if d.Raw {
		row.User, row.Message = row.DisplayName, &row.Content
	}
	switch e.Event.Kind {
	case spaces.ChatNew:
		return d.event(dst, "chat-message", row)
	case spaces.ChatEdited:
		return d.event(dst, "chat-edit", row)
	case spaces.ChatDeleted:
		return d.event(dst, "chat-delete", row)
	case spaces.ChatReaction:
		return d.event(dst, "chat-reaction", dluxReactionOf(e.Event))
	}
	return dst
}

func (d DLUX) signal(dst []byte, e Signal) []byte {
	s := dluxSignal{FromSocketID: e.From.Session.ID}
	switch e.Kind {
	case SignalOffer:
		s.Offer, s.FromUser = e.Data, nullable(e.From.Session.Account)
		return d.event(dst, "webrtc-offer", s)
	case SignalAnswer:
		s.Answer, s.FromUser = e.Data, nullable(e.From.Session.Account)
		return d.event(dst, "webrtc-answer", s)
	case SignalCandidate:
		return d.event(dst, "webrtc-ice-candidate", dluxCandidate{Candidate: e.Data, FromSocketID: e.From.Session.ID})
	}
	return dst
}

// Kinds of WebRTC signalling.
const (
	SignalOffer     = "offer"
	SignalAnswer    = "answer"
	SignalCandidate = "candidate"
)

// Kinds of [Entity].
const (
	EntityAFrame = "aframe" // an aframe-update of more than the avatar
	EntityNAF    = "naf"    // networked-aframe's u, um and r
	EntityCustom = "custom" // an application's own message
)

func (d DLUX) entity(dst []byte, e Entity) []byte {
	switch {
	case e.Kind == EntityAFrame:
		return d.event(dst, "aframe-update", dluxUpdate{dluxFrom: dluxFromOf(e.From), EntityData: e.Data, Timestamp: e.At.UnixMilli()})
	case e.Kind == EntityCustom && d.Raw:
		return appendRawCustom(dst, e)
	case e.Kind == EntityCustom:
		return d.event(dst, "custom", dluxCustom{dluxFrom: dluxFromOf(e.From), Name: e.Type, Data: e.Data, Timestamp: e.At.UnixMilli()})
	}
	return dst
}

// appendRawCustom gives an application its own object back. What the server
// says comes last, where it overrules what the sender wrote there: of two
// members with one name a JavaScript parser keeps the later.
func appendRawCustom(dst []byte, e Entity) []byte {
	name, data := e.Type, e.Data
	if isRawWord(name) { // it would pass for the server's own
		data = mustJSON(map[string]any{"name": name, "data": data})
		name = "custom"
	}
	return textFrame(dst, func(b []byte) []byte {
		b = append(b, '{')
		if fields, ok := objectBody(data); !ok {
			b = append(append(append(b, `"data":`...), data...), ',')
		} else if len(fields) > 0 {
			b = append(append(b, fields...), ',')
		}
		b = appendString(append(b, `"type":`...), name)
		b = appendString(append(b, `,"socketId":`...), e.From.Session.ID)
		b = appendText(append(b, `,"userAccount":`...), e.From.Session.Account)
		return append(b, '}')
	})
}

// objectBody returns what is between the braces of a JSON object.
func objectBody(raw json.RawMessage) ([]byte, bool) {
	text := bytes.TrimSpace(raw)
	if !bytes.HasPrefix(text, []byte("{")) {
		return nil, false
	}
	return bytes.TrimSpace(text[1 : len(text)-1]), true
}

// Refusal is the event by which the first server says no to another event: its
// name and payload. Errors that are no [spaces.Error] are ours alone.
func Refusal(op string, err error) (name string, payload json.RawMessage) {
	return refusalName(op), mustJSON(dluxErrorOf(op, err))
}

func refusalName(op string) string {
	if strings.HasPrefix(op, "chat-") {
		return "chat-error"
	}
	return "space-error"
}

// FailedAnswer is the acknowledgement of an event that was refused.
type FailedAnswer struct {
	Success bool `json:"success"` // false
	dluxError
}

// NewFailedAnswer says in an acknowledgement what [Refusal] says in an event.
func NewFailedAnswer(op string, err error) FailedAnswer {
	return FailedAnswer{dluxError: dluxErrorOf(op, err)}
}

func dluxErrorOf(op string, err error) dluxError {
	e := spaces.Told(err)
	said := dluxError{Error: sentences(e.Message, e.Fix), Code: e.Code, Field: e.Field, Event: op}
	if e.Field != "" {
		said.Error = e.Field + ": " + said.Error
	}
	return said
}
