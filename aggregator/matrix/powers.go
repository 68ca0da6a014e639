package matrix

import (
	"context"
	"errors"
	"net/http"

	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/event"
	"maunium.net/go/mautrix/id"
)

// PowerLevels asks for the power levels of a room the daemon is in: of the
// users named there, and of all others. The creators of a room of version 12,
// who stand above all levels, are not named there.
//
// It needs no Connect: it borrows the configured token or the session that the
// daemon saved, perhaps in another process, and neither logs in nor renews. A
// room without power levels gives nobody any.
func (c *Client) PowerLevels(ctx context.Context, roomID string) (users map[string]int, others int, err error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	var levels event.PowerLevelsEventContent
	err = c.borrow(ctx, func(api *mautrix.Client) error {
		return api.StateEvent(ctx, id.RoomID(roomID), event.StatePowerLevels, "", &levels)
	})
	if refusal, ok := errors.AsType[mautrix.HTTPError](err); ok && refusal.IsStatus(http.StatusNotFound) {
		return nil, 0, nil
	}
	if err != nil {
		return nil, 0, failed("ask for the power levels of "+roomID, err)
	}
	users = make(map[string]int, len(levels.Users))
	for user, level := range levels.Users {
		users[user.String()] = level
	}
	return users, levels.UsersDefault, nil
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
