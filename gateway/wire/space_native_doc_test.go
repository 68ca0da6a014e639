package wire_test

import (
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"presence/gateway/wire"
	"presence/spaces"
)

// asyncAPI is the part of the document that is held against the program.
type asyncAPI struct {
	Channels   map[string]struct{ Messages map[string]reference }
	Operations map[string]struct{ Messages []reference }
	Components struct {
		Messages map[string]documented
		Schemas  map[string]schema
	}
}

type reference struct {
	Ref string `yaml:"$ref"`
}

type documented struct {
	Name        string
	ContentType string `yaml:"contentType"`
	Payload     schema
	Examples    []struct{ Payload map[string]any }
}

type schema struct {
	Properties map[string]any
}

func readAsyncAPI(t *testing.T) (doc asyncAPI) {
	t.Helper()
	b, err := os.ReadFile("../../docs/space.asyncapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(b, &doc); err != nil {
		t.Fatal(err)
	}
	return doc
}

// messages are those of an operation.
func (doc *asyncAPI) messages(t *testing.T, operation string) (all []documented) {
	t.Helper()
	for _, r := range doc.Operations[operation].Messages {
		name, ok := strings.CutPrefix(r.Ref, "#/channels/space/messages/")
		through := doc.Channels["space"].Messages[name].Ref
		m, known := doc.Components.Messages[strings.TrimPrefix(through, "#/components/messages/")]
		if !ok || !known {
			t.Errorf("%s leads nowhere", r.Ref)
		}
		all = append(all, m)
	}
	return all
}

// TestDocumentKnowsEveryMessage: the document and the program speak of the same
// messages, in each direction, with the same fields.
func TestDocumentKnowsEveryMessage(t *testing.T) {
	t.Parallel()
	doc := readAsyncAPI(t)
	if n := len(doc.Channels["space"].Messages); n != len(doc.Components.Messages) {
		t.Errorf("%d messages on the channel, %d described", n, len(doc.Components.Messages))
	}
	for operation, want := range map[string][]string{
		"fromClient": append(wire.NativeRequests(), "pose"),
		"fromServer": append(wire.NativeMessages(), "poses"),
	} {
		var names []string
		for _, m := range doc.messages(t, operation) {
			names = append(names, m.Name)
			if m.ContentType != "" {
				continue
			}
			if named, ok := m.Payload.Properties["type"].(map[string]any); !ok || named["const"] != m.Name {
				t.Errorf("%s: the type of %s is %v", operation, m.Name, m.Payload.Properties["type"])
			}
		}
		slices.Sort(names)
		slices.Sort(want)
		if !slices.Equal(names, want) {
			t.Errorf("%s: the document has %v, the program %v", operation, names, want)
		}
	}
}

// TestDocumentedRequests: every example is understood.
func TestDocumentedRequests(t *testing.T) {
	t.Parallel()
	doc := readAsyncAPI(t)
	for _, m := range doc.messages(t, "fromClient") {
		if m.ContentType != "" {
			continue
		}
		if len(m.Examples) == 0 {
			t.Errorf("%s has no example", m.Name)
		}
		for _, e := range m.Examples {
			b, err := json.Marshal(e.Payload)
			if err != nil {
				t.Fatal(err)
			}
			if r, err := wire.DecodeNative(b); err != nil || r.Op != m.Name {
				t.Errorf("%s is %+v, %v", b, r, err)
			}
		}
	}
}

// TestDocumentedFields: what the program writes has the fields that the document
// names.
func TestDocumentedFields(t *testing.T) {
	t.Parallel()
	doc := readAsyncAPI(t)
	described := map[string]map[string]any{}
	for _, m := range doc.messages(t, "fromServer") {
		described[m.Name] = m.Payload.Properties
	}
	messages := map[string]map[string]any{}
	for name, c := range nativeExamples() {
		messages[name] = native(t, c.event)
	}
	var hello map[string]any
	for payload := range wire.SplitFrames((wire.Native{}).Hello("s", spaces.Viewer{}, time.Now())) {
		if err := json.Unmarshal(payload, &hello); err != nil {
			t.Fatal(err)
		}
	}
	messages["hello"] = hello
	for name, m := range messages {
		if name == "ack" { // its other fields depend on the request
			continue
		}
		if got, want := slices.Sorted(maps.Keys(m)), slices.Sorted(maps.Keys(described[name])); !slices.Equal(got, want) {
			t.Errorf("%s has the fields %v, described are %v", name, got, want)
		}
	}
	member := messages["member.joined"]["member"].(map[string]any)
	event := messages["chat"]["event"].(map[string]any)
	message := event["message"].(map[string]any)
	message["metadata"] = nil // left out when there is none
	for name, m := range map[string]map[string]any{"member": member, "chatEvent": event, "message": message} {
		if got, want := slices.Sorted(maps.Keys(m)), slices.Sorted(maps.Keys(doc.Components.Schemas[name].Properties)); !slices.Equal(got, want) {
			t.Errorf("%s has the fields %v, described are %v", name, got, want)
		}
	}
}
