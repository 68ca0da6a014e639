package main

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"presence/gateway/auth"
	"presence/spaces"
	"presence/spaces/store"
)

// maxLogins is how many logins are listed or revoked at once; the newest come
// first.
const maxLogins = 1000

// loginCmd shows and ends logins.
type loginCmd struct {
	List   loginListCmd   `cmd:"" help:"List the logins that hold, newest first."`
	Revoke loginRevokeCmd `cmd:"" help:"End every login of a subject, or one login; live sockets close within seconds."`
}

type loginListCmd struct {
	Subject string `arg:"" optional:"" help:"Only this subject's: hive:alice or matrix:@user:server."`
}

// Run prints one login a line.
func (c *loginListCmd) Run(ctx context.Context, e *env) error {
	return e.withStore(ctx, func(s *store.Store) error {
		logins, err := s.Logins(ctx, c.Subject, time.Now(), maxLogins)
		if err != nil {
			return fmt.Errorf("read the logins: %w", err)
		}
		if len(logins) == 0 {
			return e.say("Nobody is logged in. Guests and tokens made by presence token are not listed.\n")
		}
		table := tabwriter.NewWriter(e.out, 0, 4, 2, ' ', 0)
		fmt.Fprintln(table, "LOGIN\tSUBJECT\tBY\tSINCE\tUNTIL")
		for _, l := range logins {
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", l.ID, l.Subject, l.Method,
				l.Created.UTC().Format(time.RFC3339), l.Expires.UTC().Format(time.RFC3339))
		}
		return table.Flush()
	})
}

type loginRevokeCmd struct {
	Subject string `arg:"" help:"hive:alice, matrix:@user:server, guest:<id>, or the id of one login (the sid of a token)."`
	Reason  string `default:"revoked by an operator" help:"Kept in the audit log."`
}

// Run ends the logins. Somebody who still has the key may log in again: to keep
// them out of a space, ban them there.
func (c *loginRevokeCmd) Run(ctx context.Context, e *env) error {
	if strings.TrimSpace(c.Subject) == "" {
		return spaces.Invalid("subject", "must not be empty")
	}
	return e.withStore(ctx, func(s *store.Store) error {
		ids, err := c.logins(ctx, s)
		if err != nil {
			return err
		}
		now, ended := time.Now(), 0
		for _, id := range ids {
			held, err := s.Revoke(ctx, store.Revocation{
				Login: id, By: "operator", Reason: c.Reason, Now: now, Forget: auth.ForgetRevocation(id, now),
			})
			if err != nil {
				return fmt.Errorf("login not revoked: %w", err)
			}
			if held {
				ended++
			}
		}
		if err := e.say("Ended logins of %s: %d. Sockets close within seconds.\n", c.Subject, ended); err != nil {
			return err
		}
		return c.sayUnknown(ctx, e, s)
	})
}

// sayUnknown tells of an id that no login here has: it may be that of a token
// made elsewhere, or a name whose owner is not logged out at all.
func (c *loginRevokeCmd) sayUnknown(ctx context.Context, e *env, s *store.Store) error {
	if strings.Contains(c.Subject, ":") || strings.HasPrefix(c.Subject, auth.MintedPrefix) {
		return nil
	}
	_, err := s.Login(ctx, c.Subject)
	if spaces.ErrorCode(err) != spaces.CodeNotFound {
		return err
	}
	_, err = fmt.Fprintf(e.hints, "No login in the list has the id %s: only tokens that carry it as their sid are refused now. If it is somebody's name, write hive:%[1]s or matrix:@%[1]s:server.\n", c.Subject)
	return err
}

// logins are those to end. A guest's is named like the guest; what has no colon
// is the id of one.
func (c *loginRevokeCmd) logins(ctx context.Context, s *store.Store) ([]string, error) {
	if strings.HasPrefix(c.Subject, "guest:") || !strings.Contains(c.Subject, ":") {
		return []string{c.Subject}, nil
	}
	found, err := s.Logins(ctx, c.Subject, time.Now(), maxLogins)
	if err != nil {
		return nil, fmt.Errorf("read the logins: %w", err)
	}
	if len(found) == 0 {
		return nil, &spaces.Error{Code: spaces.CodeNotFound, Field: "subject", Message: c.Subject + " has no login", Fix: "list logins with: presence login list"}
	}
	ids := make([]string, len(found))
	for i, l := range found {
		ids[i] = l.ID
	}
	return ids, nil
}
