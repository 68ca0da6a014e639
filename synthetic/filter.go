package synthetic

import (
	"encoding/json"
	"slices"
)

// filter is what we understand of a sync filter. A nil list of types means
// all; an absent limit is the default of 10.
type filter struct {
	Presence filterPart `json:"presence"`
	Room     struct {
		Ephemeral filterPart `json:"ephemeral"`
		State     filterPart `json:"state"`
		Timeline  filterPart `json:"timeline"`
	} `json:"room"`
}

type filterPart struct {
	Limit      int      `json:"limit"`
	Types      []string `json:"types"`
	NotTypes   []string `json:"not_types"`
	NotSenders []string `json:"not_senders"`
}

const defaultLimit = 10

func (p filterPart) limit() int {
	if p.Limit <= 0 {
		return defaultLimit
	}
	return p.Limit
}

func (p filterPart) allows(kind string) bool {
	if slices.Contains(p.NotTypes, kind) || slices.Contains(p.NotTypes, "*") {
		return false
	}
	return p.Types == nil || slices.Contains(p.Types, kind)
}

func parseFilter(text []byte) (filter, error) {
	var f filter
	err := json.Unmarshal(text, &f)
	return f, err
}
