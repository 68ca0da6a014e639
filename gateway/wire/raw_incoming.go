package wire

import (
	"encoding/json"
	"slices"
	"strings"

	"presence/spaces"
)

// RawMessage is one text message of the wallet script: an object whose "type"
// says what it is.
type RawMessage struct {
	Type    string
	Room    string          // empty: the client did not say
	Payload json.RawMessage // the whole object
}

// DecodeRaw reads one message of the wallet script.
func DecodeRaw(b []byte) (RawMessage, error) {
	var m struct {
		Type string `json:"type"`
		Room string `json:"room"`
	}
	if err := decodeObject(b, &m); err != nil {
		return RawMessage{}, err
	}
	return RawMessage{Type: m.Type, Room: m.Room, Payload: b}, CheckCustomName("type", m.Type)
}

// rawWords are the types of messages that only the server sends. Nobody may
// make others' clients believe such a thing.
var rawWords = []string{
	"space-joined", "space-left", "space-queued", "space-error",
	"user-joined", "user-left", "user-updated", "chat-error", "document-comment",
}

// isRawWord reports whether a type is the server's own or one of the events
// that have a meaning of their own.
func isRawWord(name string) bool {
	return slices.Contains(rawWords, name) || name == "aframe-update" || name == "typing" || name == "emote" ||
		strings.HasPrefix(name, "chat-") || strings.HasPrefix(name, "webrtc-")
}

// rawServers are the members of a message that the server alone fills in.
var rawServers = []string{"type", "socketId", "userAccount"}

// Custom is the message as an application's own: its object without what the
// server says of every message.
func (m RawMessage) Custom() (Custom, error) {
	if isRawWord(m.Type) {
		return Custom{}, spaces.Invalid("type", "is a word of the server's own")
	}
	var fields map[string]json.RawMessage
	if err := decodeObject(m.Payload, &fields); err != nil {
		return Custom{}, err
	}
	for _, name := range rawServers {
		delete(fields, name)
	}
	data, err := json.Marshal(fields)
	if err != nil {
		return Custom{}, spaces.Invalid("", "the message is not valid JSON")
	}
	return Custom{Name: m.Type, Data: data}, nil
}
