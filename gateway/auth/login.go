package auth

import (
	"context"
	"fmt"
	"strings"
	"time"

	"presence/gateway/auth/hive"
	"presence/spaces"
	"presence/spaces/store"
)

const (
	// loginLife is how long somebody stays logged in who comes back often
	// enough to refresh.
	loginLife = 30 * 24 * time.Hour
	// openIDLife is shorter: an OpenID token says nothing about whom it was made
	// for, so that any widget its owner trusted could have brought it.
	openIDLife = 12 * time.Hour
	// socketLife bounds a socket that nothing else ends.
	socketLife = 12 * time.Hour
	// askKeysEvery is how often the keys of live Hive logins are looked up: as
	// often as a client without a socket would refresh.
	askKeysEvery = AccessTTL
)

// How somebody proved who they are.
const (
	methodHive      = "hive"           // signed a challenge of ours
	methodSignature = "hive-signature" // signed a challenge of their own, as old clients do
	methodMatrix    = "matrix"
)

// Login is what somebody who proved who they are gets.
type Login struct {
	Token

	Refresh        string // for Refresh, once; the answer brings the next one
	RefreshExpires time.Time
}

// begin keeps a new login and makes its first tokens.
func (a *Auth) begin(ctx context.Context, subject, method, proof string, life time.Duration) (Login, error) {
	now := a.now()
	l := store.Login{
		ID: randomHex(), Subject: subject, Method: method, Proof: proof,
		Created: now, Expires: now.Add(life), Generation: 1, Rotated: now,
	}
	if err := a.store.AddLogin(ctx, l); err != nil {
		return Login{}, loginsAway(err)
	}
	return a.tokens(l)
}

// tokens makes the access token of a login and the refresh token of its
// generation.
func (a *Auth) tokens(l store.Login) (Login, error) {
	now := a.now()
	token, err := a.sign(issue{
		who:      identity{Subject: l.Subject, Name: nameOf(l.Subject), Login: l.ID},
		audience: []string{AudienceAPI, AudienceRealtime},
		expires:  earlier(now.Add(AccessTTL), l.Expires),
		end:      earlier(now.Add(socketLife), l.Expires),
	})
	if err != nil {
		return Login{}, err
	}
	return Login{Token: token, Refresh: a.refreshToken(l.ID, l.Generation), RefreshExpires: l.Expires}, nil
}

// nameOf is the name that others see: the Hive account or the whole Matrix id,
// so that nobody of one server looks like somebody of another.
func nameOf(subject string) string {
	if name, ok := strings.CutPrefix(subject, hivePrefix); ok {
		return name
	}
	return strings.TrimPrefix(subject, matrixPrefix)
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// Refresh exchanges a refresh token for the next tokens of its login. Each is
// good once: one that comes back later has been copied, and ends the login for
// its owner and for the thief. A client that lost the answer and asks again at
// once gets the same answer. A Hive login ends when its key has left the
// account.
func (a *Auth) Refresh(ctx context.Context, token string) (Login, error) {
	id, generation, ok := a.readRefreshToken(token)
	if !ok {
		return Login{}, badRefresh("is not one of ours", nil)
	}
	l, err := a.holdingLogin(ctx, id)
	if err != nil {
		return Login{}, err
	}
	if generation == l.Generation {
		if l, err = a.rotate(ctx, l); err != nil {
			return Login{}, err
		}
	}
	if generation != l.Generation-1 || a.now().Sub(l.Rotated) > refreshGrace {
		a.log.WarnContext(ctx, "an old refresh token came back: the login is ended", "subject", l.Subject, "login", l.ID)
		return Login{}, a.endLogin(ctx, l.ID, "an old refresh token came back", "was used before, so this login is ended")
	}
	return a.tokens(l)
}

// holdingLogin is the login when it neither expired nor was revoked.
func (a *Auth) holdingLogin(ctx context.Context, id string) (store.Login, error) {
	l, err := a.store.Login(ctx, id)
	switch {
	case spaces.ErrorCode(err) == spaces.CodeNotFound:
		return store.Login{}, badRefresh("belongs to a login that is over", err)
	case err != nil:
		return store.Login{}, loginsAway(err)
	case !l.Revoked.IsZero() || a.revoked.has(id):
		return store.Login{}, badRefresh("belongs to a login that was ended", nil)
	case !a.now().Before(l.Expires):
		return store.Login{}, badRefresh("belongs to a login that is over", nil)
	}
	return l, nil
}

// rotate makes the current refresh token of l the one before. When somebody
// else just did, with the same token, their rotation is as good.
func (a *Auth) rotate(ctx context.Context, l store.Login) (store.Login, error) {
	if err := a.checkProof(ctx, l); spaces.ErrorCode(err) == spaces.CodeUnauthenticated {
		return store.Login{}, a.endLogin(ctx, l.ID, "the key left the account", "belongs to a Hive key that the account no longer has")
	} else if err != nil {
		return store.Login{}, err
	}
	if _, err := a.store.RotateLogin(ctx, l.ID, l.Generation, a.now()); err != nil {
		return store.Login{}, loginsAway(err)
	}
	return a.holdingLogin(ctx, l.ID)
}

// checkProof asks whether what proved the login would still prove it. A Matrix
// login cannot be asked about: its token was good once.
func (a *Auth) checkProof(ctx context.Context, l store.Login) error {
	account, isHive := strings.CutPrefix(l.Subject, hivePrefix)
	if !isHive {
		return nil
	}
	return a.mayPost(ctx, account, hive.Key(l.Proof))
}

func (a *Auth) endLogin(ctx context.Context, id, reason, say string) error {
	if err := a.revoke(ctx, id, byItself, reason); err != nil {
		return err
	}
	return badRefresh(say, nil)
}

func badRefresh(say string, cause error) *spaces.Error {
	return &spaces.Error{
		Code: spaces.CodeUnauthenticated, Field: "body.refresh_token",
		Message: "the refresh token " + say, Fix: "Log in again", Err: cause,
	}
}

// keepAsking looks up, until ctx ends, whether the Hive logins that have sockets
// open still have their keys, and ends those that do not.
func (a *Auth) keepAsking(ctx context.Context) {
	ticker := time.NewTicker(askKeysEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		a.askKeys(ctx)
	}
}

func (a *Auth) askKeys(ctx context.Context) {
	a.live.Range(func(id, _ any) bool {
		a.live.Delete(id)
		if err := a.askKey(ctx, id.(string)); err != nil && ctx.Err() == nil {
			a.log.WarnContext(ctx, "cannot check the key of a live login; it goes on", "login", id, "error", err)
		}
		return ctx.Err() == nil
	})
}

func (a *Auth) askKey(ctx context.Context, id string) error {
	l, err := a.store.Login(ctx, id)
	if err != nil {
		return fmt.Errorf("read the login: %w", err)
	}
	err = a.checkProof(ctx, l)
	if spaces.ErrorCode(err) == spaces.CodeUnauthenticated {
		return a.revoke(ctx, id, byItself, "the key left the account")
	}
	return err
}
