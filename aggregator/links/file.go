package links

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"presence/spaces"
)

// maxFile is some 30,000 rooms.
const maxFile = 8 << 20

// ReadFile reads and checks a file of links. The error names the file and
// joins one *spaces.Error per fault, each with field and line.
func ReadFile(name string) ([]spaces.Link, error) {
	text, err := readFile(name)
	if err != nil {
		return nil, err
	}
	links, err := ParseYAML(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return links, nil
}

func readFile(name string) (text []byte, err error) {
	file, err := os.Open(name) // #nosec G304 -- named by the operator
	if err != nil {
		return nil, fmt.Errorf("read the links: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	text, err = io.ReadAll(io.LimitReader(file, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("read the links: %w", err)
	}
	if len(text) > maxFile {
		return nil, &spaces.Error{Code: spaces.CodeTooLarge, Message: fmt.Sprintf("%s is larger than %d bytes", name, maxFile)}
	}
	return text, nil
}

// ParseYAML reads links from a document of the form
//
//	rooms:
//	  - slug: general
//	    name: General
//	    zone: central
//	    matrix_room_alias: "#city_general:example.org"
//	    map: {x: 2, y: 0, w: 2, h: 2}
//
// with the fields of the package comment. It is strict, because a mistyped key
// would silently mean a default: unknown and doubled keys, values of the wrong
// type and links that contradict one another are errors. The returned error
// joins one *spaces.Error per fault, in the order of the file.
func ParseYAML(text []byte) ([]spaces.Link, error) {
	document, err := decodeYAML(text)
	if err != nil {
		return nil, err
	}
	p := &yamlParser{}
	rooms := p.rooms(document)
	links := make([]spaces.Link, 0, len(rooms))
	for _, node := range rooms {
		if l, ok := p.room(node); ok {
			links = append(links, l)
		}
	}
	if len(p.faults) == 0 {
		p.agree(rooms, links)
	}
	return links, errors.Join(p.faults...)
}

// decodeYAML returns the root of the only document.
func decodeYAML(text []byte) (*yaml.Node, error) {
	lines := &lineReader{rest: text}
	decoder := yaml.NewDecoder(lines)
	var document, more yaml.Node
	switch err := decoder.Decode(&document); {
	case errors.Is(err, io.EOF):
		return nil, spaces.Invalid("rooms", "the file is empty; for no links at all write: rooms: []")
	case err != nil:
		return nil, &spaces.Error{Code: spaces.CodeInvalid, Message: "not YAML", Err: lines.place(err)}
	}
	if err := decoder.Decode(&more); !errors.Is(err, io.EOF) {
		return nil, spaces.Invalid("rooms", "the file holds more than one YAML document")
	}
	return document.Content[0], nil
}

// yamlParser collects faults, so that one run shows all of them.
type yamlParser struct{ faults []error }

func (p *yamlParser) fault(node *yaml.Node, field, format string, args ...any) {
	p.faults = append(p.faults, spaces.Invalid(field, "line %d: "+format, append([]any{node.Line}, args...)...))
}

func (p *yamlParser) rooms(root *yaml.Node) (rooms []*yaml.Node) {
	found := false
	p.eachKey(root, "the file", func(key, value *yaml.Node) {
		switch {
		case key.Value != "rooms":
			p.fault(key, key.Value, "unknown key; the file has one: rooms")
		case value.Kind != yaml.SequenceNode:
			p.fault(key, key.Value, "must be a list; for no links at all write: rooms: []")
		default:
			rooms = value.Content
		}
		found = true
	})
	if !found && len(p.faults) == 0 {
		p.fault(root, "rooms", "missing; for no links at all write: rooms: []")
	}
	return rooms
}

func (p *yamlParser) room(node *yaml.Node) (spaces.Link, bool) {
	before := len(p.faults)
	var r room
	p.eachKey(node, "a room", func(key, value *yaml.Node) {
		if key.Value == mapKey {
			p.place(key, value, &r)
			return
		}
		p.field(key, value, fields, &r)
	})
	if len(p.faults) > before {
		return spaces.Link{}, false
	}
	l, err := r.link()
	if e, ok := errors.AsType[*spaces.Error](err); ok {
		p.fault(fieldNode(node, e.Field), e.Field, "%s", e.Message)
		return spaces.Link{}, false
	}
	return l, true
}

func (p *yamlParser) place(key, value *yaml.Node, r *room) {
	if cmpAny(r.mapX, r.mapY, r.mapW, r.mapH) {
		p.fault(key, mapKey, "give the place once, as map or as map_x, map_y, map_w, map_h")
		return
	}
	p.eachKey(value, mapKey, func(key, value *yaml.Node) { p.field(key, value, mapFields, r) })
}

func (p *yamlParser) field(key, value *yaml.Node, known map[string]func(*room) any, r *room) {
	target, ok := known[key.Value]
	if !ok {
		keys := slices.Sorted(maps.Keys(known))
		if len(known) == len(fields) {
			keys = append(keys, mapKey)
		}
		p.fault(key, key.Value, "unknown key; known are %s", strings.Join(keys, ", "))
		return
	}
	into := target(r)
	switch {
	case value.Kind == yaml.ScalarNode && (value.Tag == "!!null" || !strings.HasPrefix(value.Tag, "!!")):
		// "color: #fff" is a comment in YAML, "matrix_room_id: !a:b" a tag.
		p.fault(key, key.Value, "has no value; one that begins with # or ! must be quoted")
	case value.Kind != yaml.ScalarNode || !decodeScalar(value, into):
		p.fault(key, key.Value, "must be %s", kind(into))
	}
}

// decodeScalar is strict where yaml.v3 is not: it would cut 1.5 to the whole
// number 1. Text is taken as written, so that a name may be 007 or yes.
func decodeScalar(value *yaml.Node, into any) bool {
	switch into := into.(type) {
	case **string:
		*into = &value.Value
		return slices.Contains([]string{"!!str", "!!int", "!!float", "!!bool", "!!timestamp"}, value.Tag)
	case **bool:
		return value.Tag == "!!bool" && value.Decode(into) == nil
	}
	return value.Tag == "!!int" && value.Decode(into) == nil
}

// eachKey calls do for every key of a mapping, with aliases followed, and
// faults anything else.
func (p *yamlParser) eachKey(node *yaml.Node, what string, do func(key, value *yaml.Node)) {
	node = follow(node)
	if node.Kind != yaml.MappingNode {
		p.fault(node, what, "must be a mapping of keys to values")
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key := follow(node.Content[i])
		if seen[key.Value] {
			p.fault(key, key.Value, "stands twice")
			continue
		}
		seen[key.Value] = true
		do(key, follow(node.Content[i+1]))
	}
}

func follow(node *yaml.Node) *yaml.Node {
	if node.Kind == yaml.AliasNode {
		return node.Alias
	}
	return node
}

// fieldNode is where a field is written, or the room when it is left out.
func fieldNode(room *yaml.Node, field string) *yaml.Node {
	room = follow(room)
	for i := 0; i+1 < len(room.Content); i += 2 {
		if strings.HasPrefix(room.Content[i].Value, field) {
			return room.Content[i]
		}
	}
	return room
}

func cmpAny[T any](values ...*T) bool {
	return slices.ContainsFunc(values, func(v *T) bool { return v != nil })
}
