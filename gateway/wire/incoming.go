package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"unicode/utf8"

	"presence/spaces"
)

// MaxIncoming is the longest message a city client may send, in bytes. The
// longest it has reason to send is a heartbeat of about 100.
const MaxIncoming = 4096

// Incoming is what a client of the city feed may say.
type Incoming uint8

// The closed set of incoming messages.
const (
	IncomingPing      Incoming = iota + 1 // the bare text ping; answered by pong
	IncomingHeartbeat                     // "presence.heartbeat" of the first front end
)

// Faults an incoming message can have, as wrapped by DecodeIncoming's errors
// and counted by their text.
var (
	ErrMalformed = errors.New("malformed")
	ErrUnknown   = errors.New("unknown_type")
)

// DecodeIncoming reads one text message. Its error is a [spaces.Error] that may
// be shown to the client, wrapping [ErrMalformed] or [ErrUnknown].
//
// A heartbeat's user_id is not read: a client does not say who it is.
func DecodeIncoming(b []byte) (Incoming, error) {
	if bytes.Equal(b, []byte("ping")) {
		return IncomingPing, nil
	}
	if !utf8.Valid(b) {
		return 0, incomingError(ErrMalformed, "", "the message is not valid UTF-8")
	}
	var m struct {
		Event *string `json:"event"`
		Type  *string `json:"type"`
	}
	if err := json.Unmarshal(b, &m); err != nil {
		return 0, incomingError(ErrMalformed, "", `the message is neither the text "ping" nor a JSON object with "event" or "type"`)
	}
	switch {
	case m.Event != nil && *m.Event == "presence.heartbeat":
		return IncomingHeartbeat, nil
	case m.Event != nil:
		return 0, incomingError(ErrUnknown, "event", `the only event understood is "presence.heartbeat"`)
	case m.Type != nil:
		return 0, incomingError(ErrUnknown, "type", `no "type" is understood from a client; send "ping" or a "presence.heartbeat" event`)
	default:
		return 0, incomingError(ErrMalformed, "event", `a message needs an "event"`)
	}
}

func incomingError(fault error, field, message string) *spaces.Error {
	return &spaces.Error{Code: spaces.CodeInvalid, Field: field, Message: message, Err: fault}
}

// ErrorMessage returns the whole text frame that tells a client what was wrong
// with its message; the socket stays open.
func ErrorMessage(err error) []byte {
	m := struct {
		Type   string      `json:"type"`
		Code   spaces.Code `json:"code"`
		Detail string      `json:"detail"`
		Field  string      `json:"field"`
	}{Type: "error", Code: spaces.CodeInternal, Detail: "something went wrong on our side"}
	var e *spaces.Error
	if errors.As(err, &e) {
		m.Code, m.Detail, m.Field = e.Code, e.Message, e.Field
	}
	return AppendFrame(nil, mustJSON(m))
}

// HeartbeatMessage returns the whole text frame that answers a heartbeat: the
// first front end's presence.update, about the sender and to the sender only.
func HeartbeatMessage(subject string) []byte {
	return AppendFrame(nil, mustJSON(struct {
		Event  string `json:"event"`
		UserID string `json:"user_id"`
		Status string `json:"status"`
	}{"presence.update", subject, "online"}))
}
