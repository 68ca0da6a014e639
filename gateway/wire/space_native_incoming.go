package wire

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"unicode/utf8"

	"presence/spaces"
)

// MaxNative is the longest message a client of the native protocol may send, in
// bytes: an entity of 16 KB with something around it.
const MaxNative = 20 << 10

// NativeRequest is one text message of a client.
type NativeRequest struct {
	ID   json.RawMessage // as the client spelled it; nil: no answer is wanted
	Op   string          // its type; what an error is about
	Body any             // one of the Native… types below
}

// What a client may ask for.
type (
	NativeJoin struct {
		Space  spaces.Key
		Pose   *spaces.Pose
		Avatar json.RawMessage // nil or an object
		NSFW   bool
	}
	NativeLeave  struct{}
	NativeAvatar struct{ Avatar json.RawMessage }
	NativeVoice  struct{ On bool }
	NativeTyping struct{ On bool }
	NativeEmote  struct{ Emote string }
	NativeSignal struct {
		To, Kind string
		Data     json.RawMessage
	}
	NativeEntity struct{ Data json.RawMessage }
	NativeCustom struct {
		Name, To string // To: a session; empty: everybody
		Data     json.RawMessage
	}
	NativeChatSend struct{ Draft spaces.Draft }
	NativeChatEdit struct {
		MessageID int64
		Content   string
	}
	NativeChatDelete struct{ MessageID int64 }
	NativeChatReact  struct {
		MessageID int64
		Reaction  string
		On        bool
	}
	NativeChatHistory struct{ Query spaces.HistoryQuery }
	NativeChatSince   struct {
		Seq   int64
		Limit int
	}
	NativeChatRead struct{ MessageID int64 }
	NativePing     struct{}
)

// nativeFields are the fields of all requests, as they are spelled. A pointer is
// nil when the field is missing.
type nativeFields struct {
	Space       *string         `json:"space"`
	Pose        *nativePose     `json:"pose"`
	Avatar      json.RawMessage `json:"avatar"`
	NSFW        bool            `json:"nsfw"`
	On          *bool           `json:"on"`
	Emote       *string         `json:"emote"`
	To          string          `json:"to"`
	Kind        string          `json:"kind"`
	Name        string          `json:"name"`
	Data        json.RawMessage `json:"data"`
	ClientID    string          `json:"client_id"`
	Content     *string         `json:"content"`
	MessageType string          `json:"message_type"`
	ParentID    int64           `json:"parent_id"`
	ReplyTo     int64           `json:"reply_to"`
	MessageID   int64           `json:"message_id"`
	Reaction    *string         `json:"reaction"`
	Before      int64           `json:"before"`
	Limit       int             `json:"limit"`
	Seq         *int64          `json:"seq"`
}

type nativePose struct {
	P []float64 `json:"p"`
	R []float64 `json:"r"`
}

// nativeRequests reads the fields of each type of request.
var nativeRequests = map[string]func(*nativeFields) (any, error){
	"join":         (*nativeFields).join,
	"leave":        func(*nativeFields) (any, error) { return NativeLeave{}, nil },
	"avatar":       (*nativeFields).avatar,
	"voice":        func(f *nativeFields) (any, error) { return NativeVoice{f.on()}, missing("on", f.On) },
	"typing":       func(f *nativeFields) (any, error) { return NativeTyping{f.on()}, missing("on", f.On) },
	"emote":        func(f *nativeFields) (any, error) { return NativeEmote{text(f.Emote)}, missing("emote", f.Emote) },
	"signal":       (*nativeFields).signal,
	"entity":       func(f *nativeFields) (any, error) { return NativeEntity{f.Data}, f.data() },
	"custom":       (*nativeFields).custom,
	"chat.send":    (*nativeFields).chatSend,
	"chat.edit":    (*nativeFields).chatEdit,
	"chat.delete":  func(f *nativeFields) (any, error) { return NativeChatDelete{f.MessageID}, f.message() },
	"chat.react":   (*nativeFields).chatReact,
	"chat.history": (*nativeFields).chatHistory,
	"chat.since":   (*nativeFields).chatSince,
	"chat.read":    func(f *nativeFields) (any, error) { return NativeChatRead{f.MessageID}, f.message() },
	"ping":         func(*nativeFields) (any, error) { return NativePing{}, nil },
}

// NativeRequests are the types of all text messages of a client.
func NativeRequests() []string { return slices.Sorted(maps.Keys(nativeRequests)) }

// DecodeNative reads one text message. Its error is a [spaces.Error] that names
// the field at fault; what could be read of the request goes with it, so that
// the answer reaches whoever asked. Nothing of the request refers to b.
func DecodeNative(b []byte) (NativeRequest, error) {
	if !utf8.Valid(b) {
		return NativeRequest{}, incomingError(ErrMalformed, "", "the message is not valid UTF-8")
	}
	var head struct {
		ID   json.RawMessage `json:"id"`
		Type *string         `json:"type"`
	}
	if err := json.Unmarshal(b, &head); err != nil {
		return NativeRequest{}, fieldError(err)
	}
	var r NativeRequest
	if err := r.name(head.ID); err != nil {
		return r, err
	}
	if head.Type == nil {
		return r, incomingError(ErrMalformed, "type", `a message needs a "type"`)
	}
	read, known := nativeRequests[*head.Type]
	if !known {
		return r, incomingError(ErrUnknown, "type", "no such type; the protocol is described in docs/space.asyncapi.yaml")
	}
	r.Op = *head.Type
	var f nativeFields
	if err := json.Unmarshal(b, &f); err != nil {
		return r, fieldError(err)
	}
	body, err := read(&f)
	if err != nil {
		return r, err
	}
	r.Body = body
	return r, nil
}

// maxID is the longest id of a request.
const maxID = 64

func (r *NativeRequest) name(id json.RawMessage) error {
	if len(id) == 0 || string(id) == "null" {
		return nil
	}
	if c := id[0]; c != '"' && c != '-' && (c < '0' || c > '9') || len(id) > maxID {
		return incomingError(ErrMalformed, "id", "must be a number, or a string of at most 62 bytes")
	}
	r.ID = id
	return nil
}

// fieldError says what encoding/json did not like.
func fieldError(err error) error {
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) && wrong.Field != "" {
		return incomingError(ErrMalformed, wrong.Field, "must be a "+jsonKind(wrong.Type.Kind().String())+", and is a "+wrong.Value)
	}
	return incomingError(ErrMalformed, "", "the message is not a JSON object")
}

// jsonKind is JSON's word for a Go kind.
func jsonKind(kind string) string {
	switch kind {
	case "int", "int64", "float64":
		return "number"
	case "bool":
		return "boolean"
	case "slice":
		return "list"
	case "struct":
		return "object"
	}
	return kind
}

func missing[T any](field string, value *T) error {
	if value == nil {
		return incomingError(ErrMalformed, field, "is missing")
	}
	return nil
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func (f *nativeFields) on() bool { return f.On != nil && *f.On }

func (f *nativeFields) data() error {
	if len(f.Data) == 0 {
		return incomingError(ErrMalformed, "data", "is missing")
	}
	return nil
}

func (f *nativeFields) message() error {
	if f.MessageID <= 0 {
		return incomingError(ErrMalformed, "message_id", "must be the id of a message")
	}
	return nil
}

func (f *nativeFields) join() (any, error) {
	if f.Space == nil {
		return nil, missing("space", f.Space)
	}
	key, err := spaces.ParseKeyText(*f.Space)
	if err != nil {
		return nil, err
	}
	j := NativeJoin{Space: key, Avatar: f.Avatar, NSFW: f.NSFW}
	if err := object("avatar", f.Avatar); err != nil {
		return nil, err
	}
	if f.Pose != nil {
		j.Pose, err = f.Pose.pose()
	}
	return j, err
}

func object(field string, b json.RawMessage) error {
	if len(b) > 0 && b[0] != '{' && string(b) != "null" {
		return incomingError(ErrMalformed, field, "must be a JSON object")
	}
	return nil
}

func (p *nativePose) pose() (*spaces.Pose, error) {
	if len(p.P) != 3 || len(p.R) != 4 && len(p.R) != 0 {
		return nil, incomingError(ErrMalformed, "pose", "must be {p:[x,y,z], r:[x,y,z,w]}")
	}
	pose := &spaces.Pose{Position: spaces.Vec{X: p.P[0], Y: p.P[1], Z: p.P[2]}, Rotation: spaces.Quat{W: 1}}
	if len(p.R) == 4 {
		pose.Rotation = spaces.Quat{X: p.R[0], Y: p.R[1], Z: p.R[2], W: p.R[3]}
	}
	return pose, nil
}

func (f *nativeFields) avatar() (any, error) {
	if len(f.Avatar) == 0 {
		return nil, incomingError(ErrMalformed, "avatar", "is missing")
	}
	return NativeAvatar{f.Avatar}, object("avatar", f.Avatar)
}

func (f *nativeFields) signal() (any, error) {
	if f.To == "" {
		return nil, incomingError(ErrMalformed, "to", "must be the session of a member")
	}
	return NativeSignal{To: f.To, Kind: f.Kind, Data: f.Data}, f.data()
}

func (f *nativeFields) custom() (any, error) {
	if err := CheckCustomName("name", f.Name); err != nil {
		return nil, err
	}
	return NativeCustom{Name: f.Name, To: f.To, Data: f.Data}, f.data()
}

func (f *nativeFields) chatSend() (any, error) {
	draft := spaces.Draft{
		ClientID: f.ClientID, Type: spaces.MessageType(f.MessageType), Content: text(f.Content),
		ParentID: f.ParentID, ReplyTo: f.ReplyTo,
	}
	return NativeChatSend{draft}, missing("content", f.Content)
}

func (f *nativeFields) chatEdit() (any, error) {
	if err := f.message(); err != nil {
		return nil, err
	}
	return NativeChatEdit{f.MessageID, text(f.Content)}, missing("content", f.Content)
}

func (f *nativeFields) chatReact() (any, error) {
	if err := f.message(); err != nil {
		return nil, err
	}
	if err := missing("reaction", f.Reaction); err != nil {
		return nil, err
	}
	return NativeChatReact{f.MessageID, *f.Reaction, f.on()}, missing("on", f.On)
}

func (f *nativeFields) chatHistory() (any, error) {
	return NativeChatHistory{spaces.HistoryQuery{Before: f.Before, ParentID: f.ParentID, Limit: f.Limit}}, nil
}

// sinceLimit is how many events chat.since gives when nobody says.
const sinceLimit = 200

func (f *nativeFields) chatSince() (any, error) {
	if f.Seq == nil {
		return nil, missing("seq", f.Seq)
	}
	limit := f.Limit
	if limit == 0 {
		limit = sinceLimit
	}
	return NativeChatSince{*f.Seq, limit}, nil
}
