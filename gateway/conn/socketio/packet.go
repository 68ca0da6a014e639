package socketio

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"

	"presence/gateway/conn/engineio"
)

// The first byte of a packet.
const (
	kindConnect      = '0'
	kindDisconnect   = '1'
	kindEvent        = '2'
	kindAck          = '3'
	kindConnectError = '4'
	kindBinaryEvent  = '5'
	kindBinaryAck    = '6'
)

// maxAttachments is what stock clients take in one packet, too.
const maxAttachments = 10

var errPacket = errors.New("not a Socket.IO packet")

// reserved are names that clients use for events of their own.
var reserved = []string{"connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"}

// packet is one thing a client said, without its attachments.
type packet struct {
	kind        byte // never a binary one: those become the plain kind with attachments
	namespace   string
	id          []byte // of the ack, as the client spelled it; nil: none
	attachments int
	name        string            // of an event
	args        []json.RawMessage // of an event or ack
	auth        json.RawMessage   // of a connect
}

// decodePacket reads the text of one message.
func decodePacket(text []byte) (packet, error) {
	if len(text) == 0 {
		return packet{}, errPacket
	}
	p := packet{kind: text[0]}
	rest, err := p.readAttachments(text[1:])
	if err != nil {
		return packet{}, err
	}
	rest = p.readNamespace(rest)
	digits := len(rest) - len(bytes.TrimLeft(rest, "0123456789"))
	if digits > maxIDDigits {
		return packet{}, errPacket
	}
	if digits > 0 {
		p.id = rest[:digits]
	}
	if err := p.readPayload(bytes.Trim(rest[digits:], " \t\r\n")); err != nil {
		return packet{}, err
	}
	return p, nil
}

// maxIDDigits keeps an ack's number within what JavaScript counts exactly.
const maxIDDigits = 15

func (p *packet) readAttachments(rest []byte) ([]byte, error) {
	switch p.kind {
	case kindBinaryEvent:
		p.kind = kindEvent
	case kindBinaryAck:
		p.kind = kindAck
	default:
		return rest, nil
	}
	count, rest, found := bytes.Cut(rest, []byte{'-'})
	n, err := strconv.ParseUint(string(count), 10, 8)
	if !found || err != nil || n > maxAttachments {
		return nil, errPacket
	}
	p.attachments = int(n)
	return rest, nil
}

func (p *packet) readNamespace(rest []byte) []byte {
	p.namespace = "/"
	if len(rest) == 0 || rest[0] != '/' {
		return rest
	}
	name, rest, _ := bytes.Cut(rest, []byte{','})
	p.namespace, _, _ = strings.Cut(string(name), "?") // older clients put their query there
	return rest
}

func (p *packet) readPayload(data []byte) error {
	if len(data) > 0 && !json.Valid(data) {
		return errPacket
	}
	switch p.kind {
	case kindConnect:
		if len(data) > 0 && data[0] != '{' {
			return errPacket
		}
		p.auth = data
	case kindDisconnect:
		if len(data) > 0 {
			return errPacket
		}
	case kindEvent, kindAck:
		return p.readArgs(data)
	default: // a connect error is the server's to say
		return errPacket
	}
	return nil
}

func (p *packet) readArgs(data []byte) error {
	if len(data) == 0 || data[0] != '[' || p.kind == kindAck && p.id == nil {
		return errPacket
	}
	if p.attachments > 0 && !placeholdersFit(data, p.attachments) {
		return errPacket
	}
	p.args = splitArray(data)
	if p.kind == kindAck {
		return nil
	}
	if len(p.args) == 0 || json.Unmarshal(p.args[0], &p.name) != nil || p.args[0][0] != '"' || slices.Contains(reserved, p.name) {
		return errPacket
	}
	p.args = p.args[1:]
	return nil
}

// splitArray returns the elements of a valid JSON array, uncopied.
func splitArray(data []byte) []json.RawMessage {
	var elements []json.RawMessage
	depth, start, quoted := 0, 1, false
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '[' || c == '{':
			depth++
		case depth == 1 && (c == ',' || c == ']'):
			if element := bytes.Trim(data[start:i], " \t\r\n"); len(element) > 0 {
				elements = append(elements, element)
			}
			start = i + 1
			if c == ']' {
				depth--
			}
		case c == ']' || c == '}':
			depth--
		}
	}
	return elements
}

// placeholdersFit reports whether every placeholder stands for an attachment
// there is. A stock client ends its connection over one that does not, so such
// an event must not be relayed.
func placeholdersFit(data []byte, attachments int) bool {
	var value any
	if json.Unmarshal(data, &value) != nil {
		return false
	}
	return fits(value, attachments)
}

func fits(value any, attachments int) bool {
	switch v := value.(type) {
	case []any:
		return !slices.ContainsFunc(v, func(e any) bool { return !fits(e, attachments) })
	case map[string]any:
		if v["_placeholder"] == true {
			num, isNumber := v["num"].(float64)
			return isNumber && num >= 0 && num < float64(attachments) && num == float64(int(num))
		}
		for _, e := range v {
			if !fits(e, attachments) {
				return false
			}
		}
	}
	return true
}

// head begins a packet: all that stands before its JSON.
func head(dst []byte, kind byte, attachments int, namespace string, id []byte) []byte {
	if attachments > 0 {
		dst = append(dst, kind+kindBinaryEvent-kindEvent)
		dst = append(strconv.AppendInt(dst, int64(attachments), 10), '-')
	} else {
		dst = append(dst, kind)
	}
	if namespace != "/" {
		dst = append(append(dst, namespace...), ',')
	}
	return append(dst, id...)
}

// encodeEvent returns an event's text, and its attachments behind it.
func encodeEvent(namespace, name string, d Data) []engineio.Message {
	quoted, _ := json.Marshal(name) // cannot fail
	text := append(head(nil, kindEvent, len(d.Binary), namespace, nil), '[')
	return withBinary(closeArgs(append(text, quoted...), true, d.Args), d.Binary)
}

// encodeAck answers the event with this id.
func encodeAck(namespace string, id []byte, d Data) []engineio.Message {
	text := append(head(nil, kindAck, len(d.Binary), namespace, id), '[')
	return withBinary(closeArgs(text, false, d.Args), d.Binary)
}

func closeArgs(dst []byte, more bool, args []json.RawMessage) []byte {
	for _, arg := range args {
		if more {
			dst = append(dst, ',')
		}
		if len(arg) == 0 {
			arg = json.RawMessage("null")
		}
		dst, more = append(dst, arg...), true
	}
	return append(dst, ']')
}

func withBinary(text []byte, binary [][]byte) []engineio.Message {
	messages := make([]engineio.Message, 1, 1+len(binary))
	messages[0] = engineio.Message{Data: text}
	for _, b := range binary {
		messages = append(messages, engineio.Message{Data: b, Binary: true})
	}
	return messages
}

// encodeObject is a connect or connect error packet with its JSON.
func encodeObject(kind byte, namespace string, body any) (engineio.Message, error) {
	text, err := json.Marshal(body)
	return engineio.Message{Data: append(head(nil, kind, 0, namespace, nil), text...)}, err
}

// AppendEvent appends one event as whole frames for [Socket.Write].
func AppendEvent(dst []byte, namespace, name string, d Data) []byte {
	for _, m := range encodeEvent(namespace, name, d) {
		dst = engineio.AppendMessage(dst, m)
	}
	return dst
}
