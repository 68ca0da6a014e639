package hub

import (
	"presence/spaces"
	"presence/spaces/bus"
)

// Bus is this process among the gateways ([bus.Gateway]). None of the methods
// waits.
type Bus interface {
	PutSession(s spaces.Session) error
	DropSession(id string)
	PublishSpace(key spaces.Key, payload []byte) bool
	FollowSpace(key spaces.Key, deliver func(from string, payload []byte)) (stop func(), err error)
	SendGateway(to string, payload []byte) bool
	SendControl(c bus.Control) bool
}
