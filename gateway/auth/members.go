package auth

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"presence/spaces"
)

// reread is how old the table of members may be: with the moment a socket needs
// to notice, a membership that was taken away ends within three seconds.
const reread = 2 * time.Second

// memberTable is the members of all microDAOs at one moment. It never changes;
// Run makes a new one.
type memberTable struct {
	loaded    bool
	bySubject map[string][]string // microDAOs
}

// identity is what a credential proves by itself, before anything is looked up.
type identity struct {
	Subject string   `json:"sub"`
	Name    string   `json:"name,omitempty"`
	Roles   words    `json:"roles,omitempty"`
	Login   string   `json:"sid,omitempty"`
	Scopes  []string `json:"scopes,omitempty"`
}

// identify adds what we know about a proven subject: that it is a guest, which
// never has rights whoever signed the token, or an admin, and its microDAOs. A
// guest's login is the guest, so that it can be revoked without having been
// stored.
func (a *Auth) identify(who identity) spaces.Viewer {
	v := spaces.Viewer{
		Subject: who.Subject, Name: who.Name, Guest: strings.HasPrefix(who.Subject, guestPrefix),
		Login: who.Login, Scopes: who.Scopes,
	}
	if v.Guest {
		v.Login = v.Subject
		return v
	}
	v.Name = cmp.Or(v.Name, spaces.Account(v)) // a token need not hold a name
	v.Roles = slices.Clone([]string(who.Roles))
	if a.admins[v.Subject] && !slices.Contains(v.Roles, spaces.RoleAdmin) {
		v.Roles = append(v.Roles, spaces.RoleAdmin)
	}
	return a.withMicroDAOs(v)
}

// Current returns the viewer with the microDAOs they belong to now, and false
// once their login was revoked. Live sockets ask every second.
func (a *Auth) Current(v spaces.Viewer) (current spaces.Viewer, ok bool) {
	if strings.HasPrefix(v.Subject, hivePrefix) && v.Login != "" {
		a.live.LoadOrStore(v.Login, struct{}{})
	}
	return a.withMicroDAOs(v), !a.revoked.has(v.Login)
}

func (a *Auth) withMicroDAOs(v spaces.Viewer) spaces.Viewer {
	v.MicroDAOs = nil
	if v.Guest || v.Subject == "" {
		return v
	}
	v.MicroDAOs = slices.Clone(a.members.Load().bySubject[v.Subject])
	for _, role := range v.Roles {
		if microDAO, ok := strings.CutPrefix(role, memberRole); ok {
			v.MicroDAOs = append(v.MicroDAOs, microDAO)
		}
	}
	slices.Sort(v.MicroDAOs)
	v.MicroDAOs = slices.Compact(v.MicroDAOs)
	return v
}

// Ready says whether the members and the revoked logins were ever read. Until
// then nobody is a member of anything, and somebody whose login was revoked
// would come in.
func (a *Auth) Ready(context.Context) error {
	if !a.members.Load().loaded {
		return errors.New("the members of microDAOs and the revoked logins have not been read yet")
	}
	return nil
}

// Run keeps what it read from the store fresh, and asks from time to time
// whether live Hive logins still have their keys, until ctx ends.
func (a *Auth) Run(ctx context.Context) error {
	var both errgroup.Group
	both.Go(func() error { a.keepReading(ctx); return nil })
	both.Go(func() error { a.keepAsking(ctx); return nil })
	return both.Wait()
}

// keepReading reads the members and the revoked logins at once and then every
// two seconds. When the store does not answer, what was read last stays:
// somebody's rooms do not vanish because a database restarts.
func (a *Auth) keepReading(ctx context.Context) {
	ticker := time.NewTicker(reread)
	defer ticker.Stop()
	failing := false
	for {
		err := a.read(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil && !failing:
			a.log.WarnContext(ctx, "cannot read the members of microDAOs and the revoked logins; the last known ones stay", "error", err)
		case err == nil && failing:
			a.log.InfoContext(ctx, "the members of microDAOs and the revoked logins are read again")
		}
		failing = err != nil
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

func (a *Auth) read(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 5*reread)
	defer cancel()
	revoked, err := a.store.Revoked(ctx, a.now())
	if err != nil {
		return err
	}
	a.revoked.replace(revoked)
	return a.readMembers(ctx)
}

func (a *Auth) readMembers(ctx context.Context) error {
	rows, err := a.store.Members(ctx)
	if err != nil {
		return err
	}
	bySubject := map[string][]string{}
	for _, m := range rows {
		bySubject[m.Subject] = append(bySubject[m.Subject], m.MicroDAO)
	}
	a.members.Store(&memberTable{loaded: true, bySubject: bySubject})
	return nil
}
