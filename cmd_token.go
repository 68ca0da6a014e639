package main

import (
	"fmt"
	"time"

	"presence/gateway/auth"
	"presence/spaces"
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
// and what to do with it on standard error.
func (c *tokenCmd) Run(e *env) error {
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
	if err := e.say("%s\n", token.Token); err != nil {
		return err
	}
	_, err = fmt.Fprintf(e.hints, "Good until %s. Use it as: Authorization: Bearer <token>; on /city, under \"use a token\".\n",
		time.Now().Add(c.TTL).Format(time.RFC1123))
	return err
}
