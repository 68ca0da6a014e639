package main

import (
	"context"
	"fmt"
	"text/tabwriter"
	"time"

	"presence/spaces/store"
)

// memberCmd edits who belongs to which microDAO.
type memberCmd struct {
	Add    memberAddCmd    `cmd:"" help:"Let a subject see the private rooms of a microDAO."`
	List   memberListCmd   `cmd:"" help:"List the members of all microDAOs."`
	Remove memberRemoveCmd `cmd:"" help:"Take a subject out of a microDAO; live sockets lose its rooms within seconds."`
}

type memberAddCmd struct {
	MicroDAO string `arg:"" name:"microdao" help:"The microDAO."`
	Subject  string `arg:"" help:"The sub of the person's token: a DAARION user's UUID or matrix:@user:server."`
}

// Run writes the membership.
func (c *memberAddCmd) Run(ctx context.Context, e *env) error {
	return e.withStore(ctx, func(s *store.Store) error {
		if err := auditMember(ctx, s, "add_member", c.MicroDAO, c.Subject, s.AddMember); err != nil {
			return fmt.Errorf("member not added: %w", err)
		}
		return e.say("%s now sees the private rooms of %s. List members with: presence member list\n", c.Subject, c.MicroDAO)
	})
}

type memberListCmd struct{}

// Run prints one membership a line.
func (c *memberListCmd) Run(ctx context.Context, e *env) error {
	return e.withStore(ctx, func(s *store.Store) error {
		members, err := s.Members(ctx)
		if err != nil {
			return fmt.Errorf("read the members: %w", err)
		}
		if len(members) == 0 {
			return e.say("No microDAO has members yet. Add one with: presence member add <microdao> <subject>\n")
		}
		table := tabwriter.NewWriter(e.out, 0, 4, 2, ' ', 0)
		fmt.Fprintln(table, "MICRODAO\tSUBJECT")
		for _, m := range members {
			fmt.Fprintf(table, "%s\t%s\n", m.MicroDAO, m.Subject)
		}
		return table.Flush()
	})
}

type memberRemoveCmd struct {
	MicroDAO string `arg:"" name:"microdao" help:"The microDAO."`
	Subject  string `arg:"" help:"The sub of the person's token."`
}

// Run removes the membership.
func (c *memberRemoveCmd) Run(ctx context.Context, e *env) error {
	return e.withStore(ctx, func(s *store.Store) error {
		if err := auditMember(ctx, s, "remove_member", c.MicroDAO, c.Subject, s.RemoveMember); err != nil {
			return fmt.Errorf("member not removed: %w", err)
		}
		return e.say("%s no longer sees the private rooms of %s.\n", c.Subject, c.MicroDAO)
	})
}

// auditMember changes a membership, which opens or closes private spaces, and
// says so in the audit log.
func auditMember(ctx context.Context, s *store.Store, action, microDAO, subject string, change func(ctx context.Context, microDAO, subject string) error) error {
	return s.Tx(ctx, func(ctx context.Context) error {
		if err := change(ctx, microDAO, subject); err != nil {
			return err
		}
		return s.Audit(ctx, store.AuditRow{At: time.Now(), Subject: operator, Action: action, Target: subject, Details: map[string]string{"microdao": microDAO}})
	})
}
