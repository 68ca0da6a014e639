package matrix

import (
	"context"
	"time"

	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/event"
)

// probes is how often a "no presence here" has to be seen before it is
// believed: a poll that begins between the two requests says offline again.
const probes = 3

// PresenceSupported finds out whether the homeserver has presence: no flag
// says so (MSC1862, MSC4042). It sets the daemon "unavailable", reads it back
// and sets it "offline" again; where presence is off, Synapse answers offline
// and Dendrite an empty string, both after accepting the write. The daemon is
// never shown online, and is counted nowhere.
func (c *Client) PresenceSupported(ctx context.Context) (bool, error) {
	var supported bool
	err := c.ask(ctx, "find out whether the homeserver has presence", func(ctx context.Context, api *mautrix.Client) error {
		for try := 1; ; try++ {
			seen, err := probe(ctx, api)
			if err != nil {
				return err
			}
			supported = seen != "" && seen != event.PresenceOffline
			if supported || try == probes {
				return api.SetPresence(ctx, mautrix.ReqPresence{Presence: event.PresenceOffline})
			}
			if !Pause(ctx, time.Second) {
				return ctx.Err()
			}
		}
	})
	return supported, err
}

func probe(ctx context.Context, api *mautrix.Client) (event.Presence, error) {
	if err := api.SetPresence(ctx, mautrix.ReqPresence{Presence: event.PresenceUnavailable}); err != nil {
		return "", err
	}
	seen, err := api.GetOwnPresence(ctx)
	if err != nil {
		return "", err
	}
	return seen.Presence, nil
}
