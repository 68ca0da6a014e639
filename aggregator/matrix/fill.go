package matrix

import (
	"context"
	"maps"
	"slices"
	"time"

	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/id"

	"presence/aggregator/state"
)

// Limits of FillPresence: a small server is asked about everybody; on a large
// one the rest stays unknown until it speaks of them.
const (
	fillMost = 500
	fillTime = 10 * time.Second
)

// FillPresence asks for the presence of people in rooms seen whole for the
// first time, whom the response says nothing about, and adds it. Servers leave
// people out who may well be here: Dendrite never repeats to a device what it
// told it in the last minutes, not even in an initial sync, and Synapse leaves
// out the offline. What cannot be learned is left out.
//
// It is of use only where presence is switched on: elsewhere everybody's answer
// is "offline".
func (c *Client) FillPresence(ctx context.Context, r *Response) {
	ctx, cancel := context.WithTimeout(ctx, fillTime)
	defer cancel()
	missing := silent(r, c.UserID())
	for _, userID := range missing[:min(len(missing), fillMost)] {
		fact, err := c.presenceOf(ctx, userID)
		if err != nil && Classify(err).Kind != Forbidden {
			return
		}
		if err == nil && fact.Presence != "" {
			r.Batch.Presence = append(r.Batch.Presence, fact)
		}
	}
}

// silent lists the members of rooms seen whole whose presence is not in the
// response, sorted and without the daemon.
func silent(r *Response, self string) []string {
	members := map[string]bool{}
	for i := range r.Batch.Rooms {
		if !r.Batch.Rooms[i].Complete {
			continue
		}
		joined := map[string]bool{}
		for _, m := range r.Batch.Rooms[i].Members {
			joined[m.UserID] = m.Membership == "join"
		}
		for userID, in := range joined {
			if in {
				members[userID] = true
			}
		}
	}
	delete(members, self)
	for _, p := range r.Batch.Presence {
		delete(members, p.UserID)
	}
	return slices.Sorted(maps.Keys(members))
}

func (c *Client) presenceOf(ctx context.Context, userID string) (state.PresenceFact, error) {
	fact := state.PresenceFact{UserID: userID}
	err := c.ask(ctx, "read the presence of "+userID, func(ctx context.Context, api *mautrix.Client) error {
		answer, err := api.GetPresence(ctx, id.UserID(userID))
		if err == nil {
			fact.Presence, fact.CurrentlyActive = string(answer.Presence), answer.CurrentlyActive
			fact.LastActiveAgo, fact.HasLastActive = time.Duration(answer.LastActiveAgo)*time.Millisecond, answer.LastActiveAgo > 0
		}
		return err
	})
	return fact, err
}
