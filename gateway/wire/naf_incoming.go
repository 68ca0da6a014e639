package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"presence/spaces"
)

// NAFFrame is one text message of the uws adapter.
type NAFFrame struct {
	Event string          `json:"event"`
	Data  json.RawMessage `json:"data"`
}

// DecodeNAFFrame reads one message of the uws adapter. Its error is a
// [spaces.Error], as that of every decoder here.
func DecodeNAFFrame(b []byte) (NAFFrame, error) {
	var f NAFFrame
	return f, decodeObject(b, &f)
}

// DecodeNAFRoom reads joinRoom: the name of the room that the scene gives.
func DecodeNAFRoom(b []byte) (string, error) {
	var m struct {
		Room string `json:"room"`
	}
	err := decodeObject(b, &m)
	if err == nil && m.Room == "" {
		err = spaces.Invalid("room", "is missing")
	}
	return m.Room, err
}

// NAFPacket is what a client sends or broadcasts. What it says about itself
// ("from") is not read.
type NAFPacket struct {
	To   string          `json:"to"`
	Type string          `json:"type"`
	Data json.RawMessage `json:"data"`
}

// DecodeNAFPacket reads send or broadcast.
func DecodeNAFPacket(b []byte) (NAFPacket, error) {
	var p NAFPacket
	if err := decodeObject(b, &p); err != nil {
		return NAFPacket{}, err
	}
	if isNull(p.Data) {
		p.Data = json.RawMessage("null") // JSON has no undefined
	}
	return p, CheckCustomName("type", p.Type)
}

// NAFEntity is one entity update. Components are named by their index in the
// template's schema.
type NAFEntity struct {
	NetworkID     string                     `json:"networkId"`
	Owner         string                     `json:"owner"`
	Creator       string                     `json:"creator"`
	LastOwnerTime float64                    `json:"lastOwnerTime"`
	Template      string                     `json:"template"`
	Persistent    bool                       `json:"persistent"`
	Parent        *string                    `json:"parent"` // network id
	Components    map[string]json.RawMessage `json:"components"`
	IsFirstSync   bool                       `json:"isFirstSync"`
}

// Bounds of entities; scenes sync a handful of components.
const (
	maxNAFEntities   = 64
	maxNAFComponents = 64
	maxNAFName       = 128
	maxNAFDepth      = 16
)

// DecodeNAFUpdate reads the data of a "u" (one entity) or "um" (several).
// Components that cannot be checked (no index, numbers that are none) are left
// out.
func DecodeNAFUpdate(kind string, data []byte) ([]NAFEntity, error) {
	if len(data) > MaxEntity {
		return nil, &spaces.Error{Code: spaces.CodeTooLarge, Field: "data", Message: "entity updates may be at most 16 KB"}
	}
	if kind == "u" {
		var e NAFEntity
		if err := decodeObject(data, &e); err != nil {
			return nil, err
		}
		return []NAFEntity{e}, e.check()
	}
	var m struct {
		D []NAFEntity `json:"d"`
	}
	if err := decodeObject(data, &m); err != nil {
		return nil, err
	}
	if len(m.D) > maxNAFEntities {
		return nil, spaces.Invalid("d", "may hold at most %d entities", maxNAFEntities)
	}
	for i := range m.D {
		if err := m.D[i].check(); err != nil {
			return nil, err
		}
	}
	return m.D, nil
}

// DecodeNAFRemove reads the data of an "r": the network id of an entity.
func DecodeNAFRemove(data []byte) (string, error) {
	var m nafRemove
	if err := decodeObject(data, &m); err != nil {
		return "", err
	}
	return m.NetworkID, checkNetworkID(m.NetworkID)
}

// DecodeNAFChat reads {txt} of the data type "chat", and reports false when it
// is something else that a scene calls so.
func DecodeNAFChat(data []byte) (string, bool) {
	var m struct {
		Text *string `json:"txt"`
	}
	if decodeObject(data, &m) != nil || m.Text == nil {
		return "", false
	}
	return *m.Text, true
}

func (e *NAFEntity) check() error {
	if err := checkNetworkID(e.NetworkID); err != nil {
		return err
	}
	if e.Owner == "" || len(e.Owner) > maxNAFName {
		return spaces.Invalid("owner", "must have 1 to %d bytes", maxNAFName)
	}
	parent := ""
	if e.Parent != nil {
		parent = *e.Parent
	}
	if max(len(e.Creator), len(e.Template), len(parent)) > maxNAFName {
		return spaces.Invalid("template", "creator, template and parent may have at most %d bytes", maxNAFName)
	}
	if len(e.Components) > maxNAFComponents {
		return spaces.Invalid("components", "may hold at most %d", maxNAFComponents)
	}
	if e.Components == nil {
		e.Components = map[string]json.RawMessage{}
	}
	for index, value := range e.Components {
		if !isIndex(index) || !finite(value) {
			delete(e.Components, index)
		}
	}
	return nil
}

func checkNetworkID(id string) error {
	if id == "" || len(id) > maxNAFName || strings.HasPrefix(id, nafStandIn) {
		return spaces.Invalid("networkId", "must have 1 to %d bytes and not begin with %q", maxNAFName, nafStandIn)
	}
	return nil
}

func isIndex(s string) bool {
	n, err := strconv.Atoi(s)
	return err == nil && n >= 0 && n < maxNAFComponents && strconv.Itoa(n) == s
}

// finite reports whether every number of a value is one that a browser can
// hold, and the value is not nested beyond reason.
func finite(value json.RawMessage) bool {
	decoder := json.NewDecoder(bytes.NewReader(value))
	decoder.UseNumber()
	for depth := 0; ; {
		token, err := decoder.Token()
		if err != nil {
			return errors.Is(err, io.EOF)
		}
		switch t := token.(type) {
		case json.Number:
			if f, err := t.Float64(); err != nil || math.IsInf(f, 0) {
				return false
			}
		case json.Delim:
			if t == '{' || t == '[' {
				depth++
			} else {
				depth--
			}
			if depth > maxNAFDepth {
				return false
			}
		}
	}
}

// Pose returns the entity's position and rotation, which networked-aframe's
// default schema has as components 0 and 1; false when it has none.
func (e *NAFEntity) Pose() (spaces.Pose, bool) {
	pose, err := decodePose(e.Components["0"], e.Components["1"], spaces.Quat{W: 1})
	if err != nil || pose == nil {
		return spaces.Pose{}, false
	}
	return *pose, true
}

// Merge brings e up to date with a later update of the same entity, which may
// hold only what changed.
func (e *NAFEntity) Merge(later NAFEntity) {
	components := e.Components
	*e = later
	e.Components = components
	if e.Components == nil {
		e.Components = map[string]json.RawMessage{}
	}
	maps.Copy(e.Components, later.Components)
}

// NAFAvatar is Mover.NAF: whole entities, each good as a first one, so that a
// client that has missed everything before makes them. Nil when they are too
// large to be kept.
func NAFAvatar(entities ...*NAFEntity) json.RawMessage {
	whole := make([]NAFEntity, 0, len(entities))
	for _, e := range slices.DeleteFunc(entities, func(e *NAFEntity) bool { return e == nil }) {
		first := *e
		first.IsFirstSync = true
		whole = append(whole, first)
	}
	b := mustJSON(whole)
	if len(b) > MaxEntity {
		return nil
	}
	return b
}

// NAFUpdate is the data of a "u" (of one entity) or "um" as clients send it.
func NAFUpdate(kind string, entities []NAFEntity) json.RawMessage {
	if kind == "u" {
		return mustJSON(entities[0])
	}
	return mustJSON(map[string][]NAFEntity{"d": entities})
}
