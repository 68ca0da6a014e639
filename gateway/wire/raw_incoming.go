package wire

import (
	"encoding/json"

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

// rawServers are the members of a message that the server alone fills in.
var rawServers = []string{"type", "socketId", "userAccount"}

// Custom is the message as an application's own: its object without what the
// server says of every message.
func (m RawMessage) Custom() (Custom, error) {
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
