package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"presence/gateway/auth"
	"presence/migrations"
	"presence/spaces"
	"presence/spaces/store"
)

// tokenCmd makes an access token. Whoever can run it can read the secret.
type tokenCmd struct {
	Subject  string        `arg:"" help:"Who the token is for: a DAARION user's UUID, matrix:@user:server, or a name of your choice."`
	Name     string        `help:"Display name."`
	Admin    bool          `help:"May see and do everything."`
	MicroDAO []string      `name:"microdao" help:"MicroDAOs whose private rooms the token opens; may be repeated."`
	TTL      time.Duration `name:"ttl" default:"15m" help:"How long it is good for."`
}

// Run prints the token alone on standard output, so that it can be captured,
// and what to do with it on standard error. It is noted in the audit log, if
// that can be reached: the secret alone makes a token.
func (c *tokenCmd) Run(ctx context.Context, e *env) error {
	secret, err := e.settings.jwtSecret()
	if err != nil {
		return err
	}
	// Mint asks the store nothing.
	a, err := auth.New(auth.Config{Secret: secret, Admins: e.settings.Admins, Log: e.log}, nil, time.Now)
	if err != nil {
		return fmt.Errorf("JWT_SECRET: %w", err)
	}
	grant := auth.Grant{Subject: c.Subject, Name: c.Name, MicroDAOs: c.MicroDAO, TTL: c.TTL}
	if c.Admin {
		grant.Roles = []string{spaces.RoleAdmin}
	}
	token, err := a.Mint(grant)
	if err != nil {
		return fmt.Errorf("token not made: %w", err)
	}
	noted := "It is noted in the audit log."
	if err := c.note(ctx, e, token); err != nil {
		noted = "It is NOT noted in the audit log: " + err.Error() + "."
	}
	if err := e.say("%s\n", token.Token); err != nil {
		return err
	}
	_, err = fmt.Fprintf(e.hints, "Good until %s. Use it as: Authorization: Bearer <token>; on /city, under \"use a token\". End it with: presence login revoke %s\n%s\n",
		token.Expires.Format(time.RFC1123), token.Viewer.Login, noted)
	return err
}

// noteTime bounds how long a database that does not answer keeps somebody
// waiting for a token.
const noteTime = 5 * time.Second

// note leaves a row about the token in the audit log.
func (c *tokenCmd) note(ctx context.Context, e *env, token auth.Token) error {
	if !migrations.Exists(string(e.settings.Database), e.settings.Data) {
		return errors.New("there is no database in " + e.settings.Data + ", and DATABASE_URL is empty")
	}
	ctx, cancel := context.WithTimeout(ctx, noteTime)
	defer cancel()
	details := map[string]string{
		"login": token.Viewer.Login, "expires_at": token.Expires.UTC().Format(time.RFC3339),
		"roles": strings.Join(token.Viewer.Roles, " "),
	}
	return e.withStore(ctx, func(s *store.Store) error {
		return s.Audit(ctx, store.AuditRow{At: time.Now(), Subject: operator, Action: "make_token", Target: c.Subject, Details: details})
	})
}
