package auth

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

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
	Subject string `json:"sub"`
	Name    string `json:"name,omitempty"`
	Roles   words  `json:"roles,omitempty"`
}

// identify adds what we know about a proven subject: that it is a guest, which
// never has rights whoever signed the token, or an admin, and its microDAOs.
func (a *Auth) identify(who identity) spaces.Viewer {
	v := spaces.Viewer{Subject: who.Subject, Name: who.Name, Guest: strings.HasPrefix(who.Subject, guestPrefix)}
	if v.Guest {
		return v
	}
	v.Roles = slices.Clone([]string(who.Roles))
	if a.admins[v.Subject] && !slices.Contains(v.Roles, spaces.RoleAdmin) {
		v.Roles = append(v.Roles, spaces.RoleAdmin)
	}
	return a.withMicroDAOs(v)
}

// Current returns the viewer with the microDAOs they belong to now, and false
// once their login was revoked. Live sockets ask every second.
func (a *Auth) Current(v spaces.Viewer) (current spaces.Viewer, ok bool) {
	return a.withMicroDAOs(v), true
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

// Ready says whether the table of members was ever read. Until then nobody is
// a member of anything, and a member who came in would miss their rooms.
func (a *Auth) Ready(context.Context) error {
	if !a.members.Load().loaded {
		return errors.New("the members of microDAOs have not been read yet")
	}
	return nil
}

// Run reads the table of members at once and then every two seconds until ctx
// ends. When the store does not answer, the last table stays: somebody's rooms
// do not vanish because a database restarts.
func (a *Auth) Run(ctx context.Context) error {
	ticker := time.NewTicker(reread)
	defer ticker.Stop()
	failing := false
	for {
		err := a.readMembers(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil && !failing:
			a.log.WarnContext(ctx, "cannot read the members of microDAOs; the last known ones stay", "error", err)
		case err == nil && failing:
			a.log.InfoContext(ctx, "the members of microDAOs are read again")
		}
		failing = err != nil
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

func (a *Auth) readMembers(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 5*reread)
	defer cancel()
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
