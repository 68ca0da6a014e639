package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"strings"

	"presence/spaces"
)

// Bounds of what a client of the first server's doors may send, in bytes.
const (
	MaxDLUX       = 64 << 10 // one message
	MaxEntity     = 16 << 10 // one entity update or message of an application
	MaxAvatarData = 2 << 10
)

// JoinSpace is a client's wish to enter. What it says about its own account is
// not read.
type JoinSpace struct {
	Key    spaces.Key
	Avatar json.RawMessage // nil: none
	Pose   *spaces.Pose    // nil: none
	NSFW   bool
}

// DecodeJoinSpace reads the payload of join-space. Its error is a
// [spaces.Error], as that of every decoder here.
func DecodeJoinSpace(b []byte) (JoinSpace, error) {
	var m struct {
		SpaceType string          `json:"spaceType"`
		SpaceID   json.RawMessage `json:"spaceId"` // a document's may be a number
		Subspace  string          `json:"subspace"`
		Position  json.RawMessage `json:"position"`
		Rotation  json.RawMessage `json:"rotation"`
		Avatar    json.RawMessage `json:"avatar_data"`
		NSFW      bool            `json:"nsfw"`
		Room      *string         `json:"room"` // the wallet script's name of the same space
	}
	if err := decodeObject(b, &m); err != nil {
		return JoinSpace{}, err
	}
	id, err := textOrNumber("spaceId", m.SpaceID)
	if err != nil {
		return JoinSpace{}, err
	}
	key, err := spaces.ParseKey(m.SpaceType, id, m.Subspace)
	if err != nil {
		return JoinSpace{}, respell(err)
	}
	if m.Room != nil && *m.Room != RawRoom(key) {
		return JoinSpace{}, spaces.Invalid("room", "the room of this space is %q", RawRoom(key))
	}
	j := JoinSpace{Key: key, NSFW: m.NSFW}
	if !isNull(m.Avatar) {
		if len(m.Avatar) > MaxAvatarData {
			return JoinSpace{}, &spaces.Error{Code: spaces.CodeTooLarge, Field: "avatar_data", Message: "may be at most 2 KB"}
		}
		j.Avatar = m.Avatar
	}
	j.Pose, err = decodePose(m.Position, m.Rotation, spaces.Quat{W: 1})
	return j, err
}

// RawRoom is what the wallet script calls a space.
func RawRoom(k spaces.Key) string { return k.ID + ":" + k.Subspace }

// respell names the fields of a key as these clients spell them.
func respell(err error) error {
	e, ok := errors.AsType[*spaces.Error](err)
	if !ok {
		return err
	}
	said := *e
	switch e.Field {
	case "space_type":
		said.Field = "spaceType"
	case "space_id":
		said.Field = "spaceId"
	}
	return &said
}

// AFrameUpdate is what is understood of an aframe-update; the payload is
// relayed whole.
type AFrameUpdate struct {
	Pose     *spaces.Pose // nil: it has no position
	Voice    *bool        // nil: it does not say
	Entities bool         // it is about more than the sender's avatar
}

// DecodeAFrame reads an aframe-update. last is the sender's rotation, which
// holds when the payload names none. A payload is about the avatar alone unless
// it has "entities" other than "avatar", or names one ("entityId", "networkId"
// or "id"): clients repeat their avatar's looks with every step, and a crowd in
// which each step of everybody is relayed to everybody is told nothing in time.
func DecodeAFrame(b []byte, last spaces.Quat) (AFrameUpdate, error) {
	var m struct {
		Position  json.RawMessage `json:"position"`
		Rotation  json.RawMessage `json:"rotation"`
		Voice     *bool           `json:"voice_enabled"`
		Entities  json.RawMessage `json:"entities"`
		EntityID  json.RawMessage `json:"entityId"`
		NetworkID json.RawMessage `json:"networkId"`
		ID        json.RawMessage `json:"id"`
	}
	if err := decodeObject(b, &m); err != nil {
		return AFrameUpdate{}, err
	}
	if len(b) > MaxEntity {
		return AFrameUpdate{}, &spaces.Error{Code: spaces.CodeTooLarge, Message: "an aframe-update may be at most 16 KB"}
	}
	if !isNull(m.EntityID) || !isNull(m.NetworkID) || !isNull(m.ID) {
		return AFrameUpdate{Voice: m.Voice, Entities: true}, nil
	}
	pose, err := decodePose(m.Position, m.Rotation, last)
	return AFrameUpdate{Pose: pose, Voice: m.Voice, Entities: !isAvatar(m.Entities)}, err
}

// isAvatar reports whether entities hold nothing beside the sender's avatar.
func isAvatar(entities json.RawMessage) bool {
	if isEmpty(entities) {
		return true
	}
	var named map[string]json.RawMessage
	if json.Unmarshal(entities, &named) != nil {
		return false
	}
	_, avatar := named["avatar"]
	return avatar && len(named) == 1
}

// decodePose reads A-Frame's position (metres) and rotation (degrees). It
// returns nil when there is no position.
func decodePose(position, rotation json.RawMessage, last spaces.Quat) (*spaces.Pose, error) {
	if isNull(position) {
		return nil, nil
	}
	p, err := decodePoint("position", position)
	if err != nil {
		return nil, err
	}
	pose := &spaces.Pose{Position: p, Rotation: last}
	if !isNull(rotation) {
		r, err := decodePoint("rotation", rotation)
		if err != nil {
			return nil, err
		}
		pose.Rotation = spaces.FromEuler(r)
	}
	return pose, nil
}

// decodePoint reads {x,y,z}. All three are needed: A-Frame always gives all.
func decodePoint(field string, raw json.RawMessage) (spaces.Vec, error) {
	var p struct{ X, Y, Z *float64 }
	if json.Unmarshal(raw, &p) != nil || p.X == nil || p.Y == nil || p.Z == nil {
		return spaces.Vec{}, spaces.Invalid(field, "must be an object of three numbers x, y and z")
	}
	v := spaces.Vec{X: *p.X, Y: *p.Y, Z: *p.Z}
	if math.Abs(v.X)+math.Abs(v.Y)+math.Abs(v.Z) > maxCoordinate {
		return spaces.Vec{}, spaces.Invalid(field, "its numbers are too large")
	}
	return v, nil
}

// maxCoordinate keeps arithmetic on what clients send exact; spaces are far
// smaller and check that themselves.
const maxCoordinate = 1e6

// DecodeChatMessage reads chat-message.
func DecodeChatMessage(b []byte) (spaces.Draft, error) {
	var m struct {
		Content  *string         `json:"content"`
		Message  *string         `json:"message"` // the wallet script's word
		Type     string          `json:"message_type"`
		Parent   json.RawMessage `json:"parent_message_id"`
		ReplyTo  json.RawMessage `json:"reply_to"`
		ClientID string          `json:"client_id"`
	}
	if err := decodeObject(b, &m); err != nil {
		return spaces.Draft{}, err
	}
	d := spaces.Draft{Type: spaces.MessageType(m.Type), ClientID: m.ClientID}
	switch {
	case m.Content != nil:
		d.Content = *m.Content
	case m.Message != nil:
		d.Content = *m.Message
	default:
		return spaces.Draft{}, spaces.Invalid("content", "is missing")
	}
	if strings.HasPrefix(d.ClientID, NAFChatID) {
		return spaces.Draft{}, spaces.Invalid("client_id", "may not begin with %q", NAFChatID)
	}
	var err error
	if d.ParentID, err = decodeID("parent_message_id", m.Parent); err != nil {
		return spaces.Draft{}, err
	}
	d.ReplyTo, err = decodeID("reply_to", m.ReplyTo)
	return d, err
}

// ChatChange is chat-edit, chat-delete or chat-reaction.
type ChatChange struct {
	MessageID int64
	Content   string // of an edit
	Reaction  string
	On        bool // of a reaction: true unless the client takes it back
}

// DecodeChatChange reads a payload that names a line.
func DecodeChatChange(b []byte) (ChatChange, error) {
	var m struct {
		MessageID json.RawMessage `json:"messageId"`
		Content   string          `json:"content"`
		Reaction  string          `json:"reaction"`
		On        *bool           `json:"on"`
	}
	if err := decodeObject(b, &m); err != nil {
		return ChatChange{}, err
	}
	id, err := decodeID("messageId", m.MessageID)
	if err == nil && id == 0 {
		err = spaces.Invalid("messageId", "is missing")
	}
	return ChatChange{MessageID: id, Content: m.Content, Reaction: m.Reaction, On: m.On == nil || *m.On}, err
}

// Outgoing is a WebRTC message for one other member.
type Outgoing struct {
	To   string // a session id
	Data json.RawMessage
}

// DecodeSignal reads webrtc-offer, webrtc-answer or webrtc-ice-candidate; field
// is the name of its payload: offer, answer or candidate.
func DecodeSignal(b []byte, field string) (Outgoing, error) {
	var m map[string]json.RawMessage
	if err := decodeObject(b, &m); err != nil {
		return Outgoing{}, err
	}
	var to string
	if json.Unmarshal(m["targetSocketId"], &to) != nil || to == "" {
		return Outgoing{}, spaces.Invalid("targetSocketId", "must be the socketId of somebody in the space")
	}
	if len(m[field]) == 0 {
		return Outgoing{}, spaces.Invalid(field, "is missing")
	}
	return Outgoing{To: to, Data: m[field]}, nil
}

// DecodeTyping reads typing: {typing}, true when it does not say.
func DecodeTyping(b []byte) (bool, error) {
	var m struct {
		Typing *bool `json:"typing"`
	}
	err := decodeObject(b, &m)
	return m.Typing == nil || *m.Typing, err
}

// DecodeEmote reads emote: {emote}.
func DecodeEmote(b []byte) (string, error) {
	var m struct {
		Emote string `json:"emote"`
	}
	err := decodeObject(b, &m)
	return m.Emote, err
}

// Custom is an application's own message.
type Custom struct {
	Name string
	To   string // a session id; empty: everybody else
	Data json.RawMessage
}

// DecodeCustom reads custom: {name, data, to}.
func DecodeCustom(b []byte) (Custom, error) {
	var m struct {
		Name string          `json:"name"`
		To   string          `json:"to"`
		Data json.RawMessage `json:"data"`
	}
	if err := decodeObject(b, &m); err != nil {
		return Custom{}, err
	}
	if isNull(m.Data) {
		m.Data = json.RawMessage("null")
	}
	return Custom{Name: m.Name, To: m.To, Data: m.Data}, CheckCustomName("name", m.Name)
}

// CheckCustomName refuses what is no name for an application's message. field
// is what the client calls it.
func CheckCustomName(field, name string) error {
	if name == "" || len(name) > 64 || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		return spaces.Invalid(field, "must be 1 to 64 bytes without spaces")
	}
	return nil
}

// decodeObject reads one JSON object and says in words what is wrong with it.
func decodeObject(b []byte, into any) error {
	if !bytes.HasPrefix(bytes.TrimLeft(b, " \t\r\n"), []byte("{")) {
		return spaces.Invalid("", "the event needs one object as its argument")
	}
	err := json.Unmarshal(b, into)
	if err == nil {
		return nil
	}
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && wrong.Field != "" {
		return spaces.Invalid(wrong.Field, "must be a %s", jsonName(wrong.Type.Kind().String()))
	}
	return spaces.Invalid("", "the message is not valid JSON")
}

func jsonName(kind string) string {
	switch kind {
	case "string":
		return "text"
	case "bool":
		return "true or false"
	default:
		return "number"
	}
}

// decodeID reads the id of a line: a number, or its digits as text. None is 0.
func decodeID(field string, raw json.RawMessage) (int64, error) {
	if isNull(raw) {
		return 0, nil
	}
	text, err := textOrNumber(field, raw)
	if err != nil {
		return 0, err
	}
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id <= 0 {
		return 0, spaces.Invalid(field, "must be the id of a message")
	}
	return id, nil
}

// textOrNumber reads text, or a number as it is spelled.
func textOrNumber(field string, raw json.RawMessage) (string, error) {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text, nil
	}
	var n json.Number
	if json.Unmarshal(raw, &n) == nil {
		return n.String(), nil
	}
	return "", spaces.Invalid(field, "must be text or a number")
}

func isNull(raw json.RawMessage) bool { return len(raw) == 0 || string(raw) == "null" }

func isEmpty(raw json.RawMessage) bool {
	switch text := string(bytes.TrimSpace(raw)); text {
	case "", "null", "{}", "[]":
		return true
	default:
		return false
	}
}
