package wire

import (
	"encoding/json"
	"math"
	"strconv"
	"time"

	"presence/spaces"
)

// SubprotocolSpace is the native protocol of spaces. docs/space.asyncapi.yaml
// describes it.
const SubprotocolSpace = "presence.space.v1"

// finBinary begins a whole binary frame (RFC 6455 5.2).
const finBinary = 0x82

// The text messages of presence.space.v1, server to client, by their "type".
const (
	nativeHello         = "hello"
	nativeJoined        = "joined"
	nativeWaiting       = "waiting"
	nativeLeft          = "left"
	nativeMemberJoined  = "member.joined"
	nativeMemberLeft    = "member.left"
	nativeMemberChanged = "member.changed"
	nativeChat          = "chat"
	nativeComment       = "comment"
	nativeTyping        = "typing"
	nativeSignal        = "signal"
	nativeEmote         = "emote"
	nativeEntity        = "entity"
	nativeCustom        = "custom"
	nativeAck           = "ack"
	nativeError         = "error"
)

// NativeMessages are the types of all text messages of the server.
func NativeMessages() []string {
	return []string{
		nativeHello, nativeJoined, nativeWaiting, nativeLeft, nativeMemberJoined, nativeMemberLeft, nativeMemberChanged, nativeChat,
		nativeComment, nativeTyping, nativeSignal, nativeEmote, nativeEntity, nativeCustom, nativeAck, nativeError,
	}
}

// Native encodes presence.space.v1: events as JSON texts, places as one binary
// message for everybody. Times are Unix ms.
type Native struct{}

// String is the value of the metric label "format".
func (Native) String() string { return "native" }

// Shared says that everybody is told the same bytes; a client knows its own
// record by the ref that joined gave it.
func (Native) Shared() bool { return true }

// Hello is the first frame of a socket: who the server takes the client for.
func (Native) Hello(session string, v spaces.Viewer, now time.Time) []byte {
	return nativeFrame(nil, struct {
		Type     string `json:"type"`
		Session  string `json:"session"`
		Subject  string `json:"subject"`
		Account  string `json:"account"`
		Name     string `json:"name"`
		Guest    bool   `json:"guest"`
		Now      int64  `json:"now"`
		Protocol int    `json:"protocol"`
	}{nativeHello, session, v.Subject, spaces.Account(v), v.Name, v.Guest, now.UnixMilli(), 1})
}

// Event appends e as one text frame.
func (Native) Event(dst []byte, e SpaceEvent) []byte {
	switch e := e.(type) {
	case Joined:
		return appendJoined(dst, &e)
	case Waiting:
		return nativeFrame(dst, struct {
			Type     string     `json:"type"`
			Space    spaces.Key `json:"space"`
			Position int        `json:"position"`
			Length   int        `json:"length"`
			Seats    int        `json:"seats"`
		}{nativeWaiting, e.Key, e.Position, e.Length, e.Seats})
	case Left:
		return nativeFrame(dst, struct {
			Type   string     `json:"type"`
			Space  spaces.Key `json:"space"`
			Reason string     `json:"reason"`
		}{nativeLeft, e.Key, e.Reason})
	case MemberJoined:
		return appendMemberEvent(dst, nativeMemberJoined, &e.Member)
	case MemberChanged:
		return appendMemberEvent(dst, nativeMemberChanged, &e.Member)
	case MemberLeft:
		return nativeFrame(dst, struct {
			Type    string `json:"type"`
			Session string `json:"session"`
			Ref     uint16 `json:"ref"`
		}{nativeMemberLeft, e.Member.Session.ID, e.Member.Ref})
	case Chat:
		return nativeFrame(dst, nativeSaid{nativeChat, e.Event})
	case Comment:
		return nativeFrame(dst, nativeSaid{nativeComment, e.Event})
	case Typing:
		return nativeFrame(dst, struct {
			Type     string   `json:"type"`
			Sessions []string `json:"sessions"`
		}{nativeTyping, sessionIDs(e.Members)})
	case Signal:
		return nativeFrame(dst, nativeRelayed{Type: nativeSignal, From: e.From.Session.ID, Kind: e.Kind, Data: e.Data})
	case Emote:
		return nativeFrame(dst, struct {
			Type  string `json:"type"`
			From  string `json:"from"`
			Emote string `json:"emote"`
		}{nativeEmote, e.From.Session.ID, e.Emote})
	case Entity:
		return appendEntity(dst, e)
	case Ack:
		return appendAck(dst, e)
	case Refused:
		return appendRefused(dst, e)
	}
	return dst // Roster: everybody hears who comes and goes
}

// Poses appends one binary frame with a record for each mover.
func (Native) Poses(dst []byte, at time.Time, movers []Mover) []byte {
	size := posesHead
	for i := range movers {
		p := &movers[i].Pose
		size += 2 + poseSize(p.Left != nil, p.Right != nil)
	}
	start := len(dst)
	dst = appendTextHeader(dst, size)
	dst[start] = finBinary
	dst = AppendPoses(dst, at)
	for i := range movers {
		dst = AppendPose(dst, movers[i].Ref, &movers[i].Pose)
	}
	return dst
}

func nativeFrame(dst []byte, message any) []byte { return AppendFrame(dst, mustJSON(message)) }

type nativeSaid struct {
	Type  string           `json:"type"`
	Event spaces.ChatEvent `json:"event"`
}

func sessionIDs(members []Member) []string {
	ids := make([]string, len(members))
	for i := range members {
		ids[i] = members[i].Session.ID
	}
	return ids
}

// nativeRelayed is what one client said to another.
type nativeRelayed struct {
	Type string          `json:"type"`
	From string          `json:"from"`
	Kind string          `json:"kind,omitempty"`
	Name string          `json:"name,omitempty"`
	Data json.RawMessage `json:"data"`
}

func appendEntity(dst []byte, e Entity) []byte {
	switch e.Kind {
	case EntityAFrame:
		return nativeFrame(dst, nativeRelayed{Type: nativeEntity, From: e.From.Session.ID, Data: e.Data})
	case EntityCustom:
		return nativeFrame(dst, nativeRelayed{Type: nativeCustom, From: e.From.Session.ID, Name: e.Type, Data: e.Data})
	}
	return dst // networked-aframe's own
}

// appendJoined is written by hand, because a crowd that comes at once is told
// everybody by everybody: half a million members for a thousand people.
// What they have in common comes as e.Roll.
func appendJoined(dst []byte, e *Joined) []byte {
	head := mustJSON(struct {
		Type        string          `json:"type"`
		Space       spaces.Key      `json:"space"`
		Title       string          `json:"title"`
		Description string          `json:"description"`
		Kind        spaces.Kind     `json:"kind"`
		Owner       string          `json:"owner"`
		NSFW        bool            `json:"nsfw"`
		Role        spaces.Role     `json:"role"`
		CanWrite    bool            `json:"can_write"`
		ChatSeq     int64           `json:"chat_seq"`
		TickMS      int64           `json:"tick_ms"`
		Now         int64           `json:"now"`
		Settings    spaces.Settings `json:"settings"`
	}{
		nativeJoined, e.Key, e.Space.Title, e.Space.Description, e.Space.Kind, e.Space.Owner, e.Space.NSFW, e.Role, e.CanWrite,
		e.ChatSeq, e.Tick.Milliseconds(), e.At.UnixMilli(), e.Space.Settings,
	})
	return textFrame(dst, func(b []byte) []byte {
		b = append(b, head[:len(head)-1]...)
		b = appendString(append(b, `,"self":{"session":`...), e.Self.Session.ID)
		b = strconv.AppendUint(append(b, `,"ref":`...), uint64(e.Self.Ref), 10)
		b = append(b, `},"members":`...)
		if e.Roll != nil {
			b = append(b, e.Roll...)
		} else {
			b = Native{}.Roll(b, e.Members)
		}
		return append(b, '}')
	})
}

// Roll appends the members of joined ([Rolls]).
func (Native) Roll(dst []byte, members []Member) []byte {
	dst = append(dst, '[')
	for i := range members {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendMember(dst, &members[i])
	}
	return append(dst, ']')
}

func appendMemberEvent(dst []byte, name string, m *Member) []byte {
	return textFrame(dst, func(b []byte) []byte {
		b = appendString(append(b, `{"type":`...), name)
		return append(appendMember(append(b, `,"member":`...), m), '}')
	})
}

func appendMember(b []byte, m *Member) []byte {
	s := &m.Session
	b = appendString(append(b, `{"session":`...), s.ID)
	b = strconv.AppendUint(append(b, `,"ref":`...), uint64(m.Ref), 10)
	b = appendString(append(b, `,"subject":`...), s.Subject)
	b = appendString(append(b, `,"account":`...), s.Account)
	b = appendString(append(b, `,"name":`...), s.Name)
	b = strconv.AppendBool(append(b, `,"guest":`...), s.Guest)
	b = appendString(append(b, `,"door":`...), string(s.Door))
	b = append(b, `,"avatar":`...)
	if len(s.Avatar) > 0 {
		b = append(b, s.Avatar...)
	} else {
		b = append(b, "null"...)
	}
	b = strconv.AppendBool(append(b, `,"voice":`...), s.Voice)
	b = s.ConnectedAt.AppendFormat(append(b, `,"connected_at":"`...), time.RFC3339Nano)
	b = append(b, '"')
	if p := m.Pose; p != nil {
		b = appendNumbers(append(b, `,"pose":{"p":`...), p.Position.X, p.Position.Y, p.Position.Z)
		b = appendNumbers(append(b, `,"r":`...), p.Rotation.X, p.Rotation.Y, p.Rotation.Z, p.Rotation.W)
		b = append(b, '}')
	}
	return append(b, '}')
}

func appendNumbers(b []byte, numbers ...float64) []byte {
	for i, f := range numbers {
		b = appendTenThousandths(append(b, "[,"[min(i, 1)]), f)
	}
	return append(b, ']')
}

// appendTenThousandths is for sane poses, whose numbers are small. A crowd that
// comes at once is told millions of them: strconv takes four times as long.
func appendTenThousandths(b []byte, f float64) []byte {
	n := int64(math.Round(f * 1e4))
	if n < 0 {
		b, n = append(b, '-'), -n
	}
	b = strconv.AppendInt(b, n/1e4, 10)
	n %= 1e4
	return append(b, '.', byte('0'+n/1000), byte('0'+n/100%10), byte('0'+n/10%10), byte('0'+n%10))
}

// appendAck answers a request that wants an answer; what it asked for becomes
// fields of the answer.
func appendAck(dst []byte, e Ack) []byte {
	if len(e.Request) == 0 {
		return dst
	}
	return textFrame(dst, func(b []byte) []byte {
		b = appendString(append(b, `{"type":`...), nativeAck)
		b = append(append(b, `,"id":`...), e.Request...)
		if body := mustJSON(e.Body); len(body) > 2 && body[0] == '{' { // an object with fields
			b = append(append(b, ','), body[1:len(body)-1]...)
		}
		return append(b, '}')
	})
}

func appendRefused(dst []byte, e Refused) []byte {
	why := spaces.Told(e.Err)
	m := struct {
		Type    string          `json:"type"`
		ID      json.RawMessage `json:"id,omitempty"`
		Op      string          `json:"op"`
		Code    spaces.Code     `json:"code"`
		Field   string          `json:"field"`
		Message string          `json:"message"`
		Fix     string          `json:"fix"`
	}{Type: nativeError, ID: e.Request, Op: e.Op, Code: why.Code, Field: why.Field, Message: why.Message, Fix: why.Fix}
	return nativeFrame(dst, m)
}
