package main

import (
	"context"
	"fmt"
	"text/tabwriter"
	"time"

	"presence/spaces"
	"presence/spaces/store"
)

// roleCmd edits who may do what in a space.
type roleCmd struct {
	Grant  roleGrantCmd  `cmd:"" help:"Give somebody a role in a space."`
	Revoke roleRevokeCmd `cmd:"" help:"Take a granted role back."`
	List   roleListCmd   `cmd:"" help:"List the granted roles."`
}

type roleGrantCmd struct {
	Space   string        `arg:"" help:"type:id, for example post:alice/my-room, document:7, city:plaza or global:lobby."`
	Subject string        `arg:"" help:"The sub of the person's token: hive:<account>, matrix:@user:server or a DAARION user's UUID."`
	Role    string        `arg:"" enum:"admin,moderator,subscriber,ticket_holder" help:"admin, moderator, subscriber or ticket_holder."`
	For     time.Duration `name:"for" help:"How long, for example 48h. Default: for good."`
}

// Run grants the role.
func (c *roleGrantCmd) Run(ctx context.Context, e *env) error {
	return e.withStore(ctx, func(s *store.Store) error {
		key, err := contentKey(ctx, s, c.Space)
		if err != nil {
			return fmt.Errorf("role not granted: %w", err)
		}
		now := time.Now()
		g := store.Grant{Key: key, Subject: c.Subject, Role: spaces.Role(c.Role), GrantedBy: operator, CreatedAt: now}
		if c.For > 0 {
			g.ExpiresAt = now.Add(c.For)
		}
		err = s.Tx(ctx, func(ctx context.Context) error {
			if err := s.PutGrant(ctx, g); err != nil {
				return err
			}
			return s.Audit(ctx, store.AuditRow{At: now, Subject: operator, Action: "grant", Key: key, Target: c.Subject, Details: map[string]string{"role": c.Role}})
		})
		if err != nil {
			return fmt.Errorf("role not granted: %w", err)
		}
		return e.say("%s is %s of %s. Gateways know it within seconds.\n", c.Subject, c.Role, c.Space)
	})
}

// contentKey is the canonical key of a content that is there.
func contentKey(ctx context.Context, s *store.Store, text string) (spaces.Key, error) {
	key, err := spaces.ParseKeyText(text)
	if err != nil || key.Type == spaces.TypeGlobal || key.Type == spaces.TypeCity {
		return key.Parent(), err
	}
	space, found, err := s.Content(ctx, key.Parent())
	if err != nil {
		return spaces.Key{}, err
	}
	if !found {
		return spaces.Key{}, &spaces.Error{Code: spaces.CodeNotFound, Field: "space", Message: "there is no " + text}
	}
	return space.Key, nil
}

type roleRevokeCmd struct {
	Space   string `arg:"" help:"type:id of the space."`
	Subject string `arg:"" help:"The sub of the person's token."`
}

// Run takes the role back.
func (c *roleRevokeCmd) Run(ctx context.Context, e *env) error {
	return e.withStore(ctx, func(s *store.Store) error {
		key, err := contentKey(ctx, s, c.Space)
		if err != nil {
			return fmt.Errorf("role not revoked: %w", err)
		}
		err = s.Tx(ctx, func(ctx context.Context) error {
			if err := s.RemoveGrant(ctx, key, c.Subject); err != nil {
				return err
			}
			return s.Audit(ctx, store.AuditRow{At: time.Now(), Subject: operator, Action: "revoke", Key: key, Target: c.Subject})
		})
		if err != nil {
			return fmt.Errorf("role not revoked: %w", err)
		}
		return e.say("%s has no granted role in %s any more. What comes with the content stays.\n", c.Subject, c.Space)
	})
}

type roleListCmd struct {
	Space string `arg:"" optional:"" help:"type:id of one space. Default: all."`
}

// Run prints one grant a line.
func (c *roleListCmd) Run(ctx context.Context, e *env) error {
	return e.withStore(ctx, func(s *store.Store) error {
		var key spaces.Key
		if c.Space != "" {
			var err error
			if key, err = contentKey(ctx, s, c.Space); err != nil {
				return err
			}
		}
		grants, err := s.Grants(ctx, key)
		if err != nil {
			return err
		}
		if len(grants) == 0 {
			return e.say("No role was granted. Grant one with: presence role grant post:alice/my-room hive:bob moderator\n")
		}
		table := tabwriter.NewWriter(e.out, 0, 4, 2, ' ', 0)
		fmt.Fprintln(table, "SPACE\tSUBJECT\tROLE\tUNTIL\tGRANTED BY")
		for _, g := range grants {
			until := "-"
			if !g.ExpiresAt.IsZero() {
				until = g.ExpiresAt.Format(time.RFC3339)
			}
			fmt.Fprintf(table, "%s:%s\t%s\t%s\t%s\t%s\n", g.Key.Type, g.Key.ID, g.Subject, g.Role, until, g.GrantedBy)
		}
		return table.Flush()
	})
}
