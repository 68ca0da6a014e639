package auth

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"presence/spaces"
	"presence/spaces/store"
)

// remember is how long a gateway that cannot reach the store may be behind and
// still learn of a revocation.
const remember = 24 * time.Hour

// revocations are the logins that were revoked, by id. Guarded by mu.
type revocations struct {
	mu     sync.RWMutex
	logins map[string]bool
	// recent are those revoked here since the last reading began, which it may
	// have missed.
	recent []string
}

func (r *revocations) has(login string) bool {
	if login == "" {
		return false
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.logins[login]
}

func (r *revocations) add(login string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.logins == nil {
		r.logins = map[string]bool{}
	}
	r.logins[login] = true
	r.recent = append(r.recent, login)
}

// replace takes what the store holds. What was added meanwhile stays until the
// next reading, which surely finds it.
func (r *revocations) replace(logins []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.logins = make(map[string]bool, len(logins))
	for _, login := range slices.Concat(logins, r.recent) {
		r.logins[login] = true
	}
	r.recent = nil
}

// Logout ends the login that v's credential belongs to: its tokens are refused
// from now on, here at once and by other gateways within seconds, and its
// sockets close. A guest who logs out is not remembered.
func (a *Auth) Logout(ctx context.Context, v spaces.Viewer) error {
	if v.Login == "" {
		return &spaces.Error{
			Code: spaces.CodeInvalid, Message: "this token belongs to no login of ours and cannot be ended here",
			Fix: "Log out where you got the token",
		}
	}
	return a.revoke(ctx, v.Login, v.Subject, "logged out")
}

// Revoked is told, by whatever means are faster than the store, that another
// gateway revoked a login.
func (a *Auth) Revoked(login string) { a.revoked.add(login) }

// byItself is who ended a login that broke a rule.
const byItself = "presence"

func (a *Auth) revoke(ctx context.Context, login, by, reason string) error {
	now := a.now()
	_, err := a.store.Revoke(ctx, store.Revocation{Login: login, By: by, Reason: reason, Now: now, Forget: ForgetRevocation(login, now)})
	if err != nil {
		return loginsAway(err)
	}
	a.revoked.add(login)
	if a.tell != nil {
		a.tell(login)
	}
	return nil
}

// ForgetRevocation is when the last token that a login revoked at now may have
// has surely expired. Only guests' and operators' tokens live longer than a
// day.
func ForgetRevocation(login string, now time.Time) time.Time {
	switch {
	case strings.HasPrefix(login, guestPrefix):
		return now.Add(GuestTTL + guestMemory)
	case strings.HasPrefix(login, MintedPrefix):
		return now.Add(maxTTL)
	}
	return now.Add(2 * remember)
}

func loginEnded() *spaces.Error {
	return refuse("this login was ended")
}

func loginsAway(cause error) *spaces.Error {
	return &spaces.Error{
		Code: spaces.CodeUnavailable, Message: "logins cannot be kept at the moment", Fix: "Try again in a few seconds", Err: cause,
	}
}
