package matrix

import (
	"context"
	"errors"
	"math"
	"net/http"

	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/event"
	"maunium.net/go/mautrix/id"
)

// creatorLevel stands for the power of those who made a room of version 12 or
// later, who are above every level.
const creatorLevel = math.MaxInt

// PowerLevels asks for the power levels of a room the daemon is in: of the
// users named there and of those who made it, and of all others.
//
// It needs no Connect: it borrows the configured token or the session that the
// daemon saved, perhaps in another process, and neither logs in nor renews.
func (c *Client) PowerLevels(ctx context.Context, roomID string) (users map[string]int, others int, err error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	var levels *event.PowerLevelsEventContent
	var made *event.Event
	err = c.borrow(ctx, func(api *mautrix.Client) error {
		if levels, err = unlessMissing(askLevels(ctx, api, id.RoomID(roomID))); err != nil {
			return err
		}
		made, err = unlessMissing(api.FullStateEvent(ctx, id.RoomID(roomID), event.StateCreate, ""))
		return err
	})
	if err != nil {
		return nil, 0, failed("ask for the power levels of "+roomID, err)
	}
	users = makers(made, levels != nil)
	if levels == nil {
		return users, 0, nil
	}
	for user, level := range levels.Users {
		if _, above := users[user.String()]; !above {
			users[user.String()] = level
		}
	}
	return users, levels.UsersDefault, nil
}

func askLevels(ctx context.Context, api *mautrix.Client, room id.RoomID) (*event.PowerLevelsEventContent, error) {
	var levels event.PowerLevelsEventContent
	return &levels, api.StateEvent(ctx, room, event.StatePowerLevels, "", &levels)
}

// unlessMissing turns state that a room does not have into nil.
func unlessMissing[T any](state *T, err error) (*T, error) {
	if refusal, ok := errors.AsType[mautrix.HTTPError](err); ok && refusal.IsStatus(http.StatusNotFound) {
		return nil, nil //nolint:nilnil // none is an answer
	}
	return state, err
}

// makers are those whose power comes from having made the room: since version
// 12 always, before it while the room has no levels (room version 12 and
// "m.room.power_levels" in the client-server API).
func makers(made *event.Event, hasLevels bool) map[string]int {
	users := map[string]int{}
	if made == nil || made.Sender == "" {
		return users
	}
	content := made.Content.AsCreate()
	switch {
	case content.SupportsCreatorPower():
		for _, user := range append(content.AdditionalCreators, made.Sender) {
			users[user.String()] = creatorLevel
		}
	case !hasLevels:
		users[made.Sender.String()] = 100
	}
	return users
}

// borrow does something with the configured token, and with the saved session
// when there is none or it has ended.
func (c *Client) borrow(ctx context.Context, do func(*mautrix.Client) error) error {
	if c.cfg.AccessToken != "" {
		err := c.with(c.cfg.UserID, c.cfg.AccessToken, do)
		if err == nil || !ended(err) {
			return err
		}
	}
	saved, found, err := c.sessions.LoadSession(ctx)
	if err != nil {
		return err
	}
	if !found || saved.Homeserver != c.cfg.Homeserver {
		return errors.New("the daemon has no session yet")
	}
	return c.with(saved.UserID, saved.AccessToken, do)
}

func (c *Client) with(userID, token string, do func(*mautrix.Client) error) error {
	api, err := c.dial(userID, token)
	if err != nil {
		return err
	}
	return do(api)
}
