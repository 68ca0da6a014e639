package matrix

import (
	"context"
	"errors"
	"net/http"

	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/id"

	"presence/spaces"
)

// deviceName is what people see in the account's list of sessions.
const deviceName = "presence daemon"

// Session is what the homeserver granted.
type Session struct {
	Homeserver, UserID, DeviceID, AccessToken, RefreshToken string
}

// Sessions keeps the daemon's session. A session is saved before it is used:
// a refresh token that was used but not saved is lost, and with it the device.
type Sessions interface {
	LoadSession(ctx context.Context) (Session, bool, error)
	SaveSession(ctx context.Context, s Session) error
}

// Connect finds a session that works: the configured token, else the saved
// session, else a new login. An error of kind LoggedOut means that none works
// and nothing but an operator helps; any other may be retried.
func (c *Client) Connect(ctx context.Context) error {
	if s := c.pending(); s != nil {
		return c.keep(ctx, *s)
	}
	if c.cfg.AccessToken != "" {
		err := c.try(ctx, Session{Homeserver: c.cfg.Homeserver, AccessToken: c.cfg.AccessToken})
		if err == nil || !ended(err) || c.cfg.Password == "" {
			return err
		}
		c.mu.Lock()
		c.tokenRefused = true
		c.mu.Unlock()
	}
	saved, found, err := c.sessions.LoadSession(ctx)
	if err != nil {
		return failed("load the saved session", err)
	}
	if found && saved.Homeserver == c.cfg.Homeserver && (c.cfg.UserID == "" || saved.UserID == c.cfg.UserID) {
		err := c.try(ctx, saved)
		if err == nil || !ended(err) {
			return err
		}
		if Classify(err).Kind == SoftLogout && c.refresh(ctx, saved) == nil {
			return nil
		}
		return c.login(ctx, saved.DeviceID)
	}
	return c.login(ctx, "")
}

// TokenRefused reports that Connect found the configured token ended and went on
// to the saved session or the password: all works, but whoever configured the
// token believes it to be in use.
func (c *Client) TokenRefused() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.tokenRefused
}

// Renew makes a session that ended work again: by its refresh token when only
// the access token ended, else by a login with the same device. fresh reports
// that the device is no longer the same, so nothing remembered about the old
// cursor holds.
func (c *Client) Renew(ctx context.Context, soft bool) (fresh bool, err error) {
	if s := c.pending(); s != nil {
		return !soft, c.keep(ctx, *s)
	}
	c.mu.Lock()
	old := c.session
	c.mu.Unlock()
	if soft && old.RefreshToken != "" {
		err := c.refresh(ctx, old)
		if err == nil || !ended(err) && Classify(err).Kind != Forbidden {
			return false, err
		}
	}
	return !soft, c.login(ctx, old.DeviceID)
}

// ended reports that the server knows the token no more. An error in words of
// our own is the end of trying, not of a token.
func ended(err error) bool {
	kind := Classify(err).Kind
	return (kind == LoggedOut || kind == SoftLogout) && spaces.ErrorCode(err) == spaces.CodeInternal
}

// try asks whose token it is, and uses the session when it is the daemon's.
func (c *Client) try(ctx context.Context, s Session) error {
	api, err := c.dial(s.UserID, s.AccessToken)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	who, err := api.Whoami(ctx)
	if err != nil {
		if Classify(err).Kind == LoggedOut && c.cfg.Password == "" {
			return refused("the homeserver does not know the access token", err)
		}
		return failed("ask who the daemon is", err)
	}
	if c.cfg.UserID != "" && who.UserID.String() != c.cfg.UserID {
		return &spaces.Error{
			Code: spaces.CodeUnauthenticated, Field: "MATRIX_USER_ID",
			Message: "the access token belongs to " + who.UserID.String() + ", not to " + c.cfg.UserID,
			Fix:     "correct MATRIX_USER_ID, or give a token of that account",
		}
	}
	s.UserID, s.DeviceID = who.UserID.String(), who.DeviceID.String()
	return c.use(s)
}

// login makes a new access token with the password, on the same device when
// there was one, so that the account does not fill with dead devices.
func (c *Client) login(ctx context.Context, deviceID string) error {
	if c.cfg.Password == "" {
		return refused("the session has ended and there is no password to log in with", nil)
	}
	api, err := c.dial(c.cfg.UserID, "")
	if err != nil {
		return err
	}
	timed, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	answer, err := api.Login(timed, &mautrix.ReqLogin{
		Type:                     mautrix.AuthTypePassword,
		Identifier:               mautrix.UserIdentifier{Type: mautrix.IdentifierTypeUser, User: c.cfg.UserID},
		Password:                 c.cfg.Password,
		DeviceID:                 id.DeviceID(deviceID),
		InitialDeviceDisplayName: deviceName,
		RefreshToken:             true,
	})
	if err != nil {
		if Classify(err).Kind == Forbidden {
			return &spaces.Error{
				Code: spaces.CodeUnauthenticated, Field: "MATRIX_PASSWORD", Err: err,
				Message: "the homeserver refuses this password of " + c.cfg.UserID,
				Fix:     "correct MATRIX_PASSWORD, or MATRIX_USER_ID, and restart",
			}
		}
		return failed("log in", err)
	}
	return c.keep(ctx, Session{
		Homeserver: c.cfg.Homeserver, UserID: answer.UserID.String(), DeviceID: answer.DeviceID.String(),
		AccessToken: answer.AccessToken, RefreshToken: answer.RefreshToken,
	})
}

// refresh exchanges the refresh token (client-server API, "Refreshing access
// tokens"). The old one stays valid until the new one is used, so a crash or a
// failed save between the two costs nothing.
func (c *Client) refresh(ctx context.Context, s Session) error {
	api, err := c.dial(s.UserID, "")
	if err != nil {
		return err
	}
	if s.RefreshToken == "" {
		return refused("the access token has ended and there is no refresh token", nil)
	}
	timed, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	var answer struct {
		AccessToken  string `json:"access_token"`
		RefreshToken string `json:"refresh_token"`
	}
	_, err = api.MakeFullRequest(timed, mautrix.FullRequest{
		Method: http.MethodPost, URL: api.BuildClientURL("v3", "refresh"), SensitiveContent: true,
		RequestJSON:  map[string]string{"refresh_token": s.RefreshToken},
		ResponseJSON: &answer,
	})
	if err == nil && answer.AccessToken == "" {
		err = errors.New("the answer has no access_token")
	}
	if err != nil {
		return failed("refresh the access token", err)
	}
	s.AccessToken = answer.AccessToken
	if answer.RefreshToken != "" {
		s.RefreshToken = answer.RefreshToken
	}
	return c.keep(ctx, s)
}

// keep saves a granted session and only then uses it. When saving fails the
// session is remembered, so that the next try need not make another.
func (c *Client) keep(ctx context.Context, s Session) error {
	c.mu.Lock()
	c.unsaved = &s
	c.mu.Unlock()
	if err := c.sessions.SaveSession(ctx, s); err != nil {
		return failed("save the session", err)
	}
	return c.use(s)
}

func (c *Client) use(s Session) error {
	api, err := c.dial(s.UserID, s.AccessToken)
	if err != nil {
		return err
	}
	api.DeviceID = id.DeviceID(s.DeviceID)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.session, c.api, c.unsaved = s, api, nil
	return nil
}

func (c *Client) pending() *Session {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.unsaved
}

// refused is an error about the token, of kind LoggedOut with words for the operator.
func refused(message string, err error) error {
	return &spaces.Error{
		Code: spaces.CodeUnauthenticated, Field: "MATRIX_ACCESS_TOKEN", Message: message, Err: err,
		Fix: "give a valid MATRIX_ACCESS_TOKEN, or MATRIX_USER_ID and MATRIX_PASSWORD, and restart",
	}
}
