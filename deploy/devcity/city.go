package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"time"

	"presence/deploy/child"
	"presence/deploy/dendrite"
	"presence/deploy/devcity/crowd"
	"presence/deploy/devcity/town"
)

// follow runs presence alone, on the homeserver the environment names.
func (set *settings) follow(ctx context.Context, scr *screen) error {
	p, err := set.startPresence(ctx, scr, map[string]string{
		"PRESENCE_LISTEN": set.listen, "PRESENCE_DATA": set.data,
	})
	if err != nil {
		return err
	}
	set.sayFollowing(scr)
	err = awaitEnd(ctx, p, nil)
	scr.say("\nstopping")
	return errors.Join(err, p.Stop(stopLimit))
}

// localCity is the whole of it: homeserver, rooms and people, presence, crowd.
func (set *settings) localCity(ctx context.Context, scr *screen) (err error) {
	server, err := set.startHomeserver(ctx, scr)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Stop()) }()
	seed, err := set.seed()
	if err != nil {
		return err
	}
	scr.step("the city: rooms and people")
	built, err := town.Build(ctx, server, town.City(), seed, scr.detail)
	if err != nil {
		return err
	}
	if err := town.WriteLinks(set.linksFile(), built.Plan); err != nil {
		return err
	}
	vars := set.variables(server, built, seed)
	if err := set.writeEnv(vars); err != nil {
		return err
	}
	if err := set.importPosts(ctx, vars); err != nil {
		return err
	}
	p, err := set.startPresence(ctx, scr, vars)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.Stop(stopLimit)) }()
	return set.live(ctx, scr, server, p, built, seed)
}

func (set *settings) startHomeserver(ctx context.Context, scr *screen) (*dendrite.Server, error) {
	bin, err := buildHomeserver(ctx, scr)
	if err != nil {
		return nil, err
	}
	return dendrite.Start(ctx, dendrite.Options{Bin: bin, Dir: set.hsData, Listen: set.hsListen})
}

// variables are the settings of presence for this city. The rooms go through a
// file, as an operator would write them.
func (set *settings) variables(server *dendrite.Server, t *town.Town, seed string) map[string]string {
	var agents []string
	for _, a := range t.Plan.With(town.Agent) {
		agents = append(agents, "@"+a.Login+":localhost")
	}
	return map[string]string{
		"MATRIX_HS_URL":       server.URL(),
		"MATRIX_USER_ID":      "@" + t.Plan.Daemon + ":localhost",
		"MATRIX_PASSWORD":     town.Password(seed, t.Plan.Daemon),
		"MATRIX_ACCESS_TOKEN": "",
		"PRESENCE_AGENTS":     strings.Join(agents, ","),
		"PRESENCE_LINKS_FILE": set.linksFile(),
		"PRESENCE_LISTEN":     set.listen,
		"PRESENCE_DATA":       set.data,
	}
}

// writeEnv keeps the settings for whoever tries presence's other commands. The
// file holds the daemon's password.
func (set *settings) writeEnv(vars map[string]string) error {
	pairs := environment(nil, vars)
	slices.Sort(pairs)
	return os.WriteFile(set.envFile(), []byte(strings.Join(pairs, "\n")+"\n"), 0o600)
}

// live runs the crowd until ctx ends or a child dies.
func (set *settings) live(ctx context.Context, scr *screen, server *dendrite.Server, p *child.Process, t *town.Town, seed string) error {
	file, err := set.newLog("crowd.log")
	if err != nil {
		return err
	}
	log, err := os.OpenFile(file, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()

	lives, stop := context.WithCancel(ctx)
	gone := make(chan error, 1)
	people := crowd.New(residents(t), uint64(time.Now().UnixNano()), slog.New(slog.NewTextHandler(log, nil)))
	go func() { gone <- people.Run(lives) }()

	set.sayReady(scr, server, t, seed)
	err = awaitEnd(ctx, p, server)
	scr.say("\nstopping the crowd, presence and the homeserver")
	stop()
	return errors.Join(err, <-gone)
}

// awaitEnd waits for the end of ctx, which is how it should end, or of a child.
// server may be nil.
func awaitEnd(ctx context.Context, p *child.Process, server *dendrite.Server) error {
	var homeserver <-chan struct{}
	if server != nil {
		homeserver = server.Done()
	}
	select {
	case <-ctx.Done():
		return nil
	case <-p.Done():
		return fmt.Errorf("presence ended by itself: %w", died(p.Err()))
	case <-homeserver:
		return fmt.Errorf("the homeserver ended by itself: %w", died(server.Err()))
	}
}

// died is an end nobody asked for: also exit status 0 is a fault then.
func died(err error) error {
	if err == nil {
		return errors.New("exit status 0")
	}
	return err
}
