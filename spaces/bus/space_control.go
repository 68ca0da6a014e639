package bus

import (
	"encoding/json"
	"fmt"
	"slices"

	"presence/spaces"
)

// Control is an order to every gateway: who must be put out of where. What is
// empty is not looked at; at least one of Session, Subject and Login is set.
type Control struct {
	Kind    ControlKind `json:"kind"`
	Space   string      `json:"space,omitempty"`   // text of a [spaces.Key]; of its content, when the order holds for all its subspaces; empty: everywhere
	Session string      `json:"session,omitempty"` // one client
	Subject string      `json:"subject,omitempty"` // one person with all clients
	Login   string      `json:"login,omitempty"`   // one login
	Reason  string      `json:"reason,omitempty"`  // in words for the person concerned
}

// ControlKind says why somebody must go.
type ControlKind string

// The closed set of orders.
const (
	ControlKick    ControlKind = "kick"
	ControlBan     ControlKind = "ban"
	ControlRevoked ControlKind = "revoked" // the login is over
)

var controlKinds = []ControlKind{ControlKick, ControlBan, ControlRevoked}

// maxControl bounds an order.
const maxControl = 4 << 10

func encodeControl(c Control) ([]byte, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	return json.Marshal(c)
}

func decodeControl(data []byte) (c Control, err error) {
	if len(data) > maxControl {
		return Control{}, fmt.Errorf("an order of %d bytes", len(data))
	}
	if err := json.Unmarshal(data, &c); err != nil {
		return Control{}, err
	}
	return c, c.check()
}

func (c Control) check() error {
	if !slices.Contains(controlKinds, c.Kind) {
		return fmt.Errorf("unknown order %q", c.Kind)
	}
	if c.Session == "" && c.Subject == "" && c.Login == "" {
		return fmt.Errorf("order %q for everybody", c.Kind)
	}
	if c.Space == "" {
		return nil
	}
	_, err := spaces.ParseKeyText(c.Space)
	return err
}
