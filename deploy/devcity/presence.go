package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"presence/deploy/child"
	"presence/deploy/devcity/town"
)

const (
	// readyLimit covers a homeserver that is slow to let presence join its rooms.
	readyLimit = 60 * time.Second
	// stopLimit is longer than presence gives itself (10 s) to say goodbye.
	stopLimit = 15 * time.Second
)

// startPresence runs `presence serve` with our environment and some variables
// of its own, and returns when it is ready to serve the city.
func (set *settings) startPresence(ctx context.Context, scr *screen, vars map[string]string) (*child.Process, error) {
	scr.step("presence")
	log, err := set.newLog("presence.log")
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(set.presence, "serve") //nolint:noctx // the caller stops it
	cmd.Env = environment(os.Environ(), vars)
	p, err := child.Start(cmd, log)
	if err != nil {
		return nil, err
	}
	if err := set.awaitReady(ctx, p, scr); err != nil {
		return nil, errors.Join(err, p.Stop(stopLimit))
	}
	return p, nil
}

// importPosts brings the city's posts, as an operator would.
func (set *settings) importPosts(ctx context.Context, vars map[string]string) error {
	if err := town.WritePosts(set.postsFile()); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, set.presence, "post", "import", set.postsFile())
	cmd.Env = environment(os.Environ(), vars)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("bring the city's posts: %w\n%s", err, out)
	}
	return nil
}

// newLog puts the log of the last run aside and returns the name of the new one.
func (set *settings) newLog(name string) (string, error) {
	if err := os.MkdirAll(set.logs(), 0o700); err != nil {
		return "", err
	}
	file := filepath.Join(set.logs(), name)
	if err := os.Rename(file, file+".old"); err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", err
	}
	return file, nil
}

// environment is base with vars in the place of variables of the same name. An
// empty value removes the variable, and either way its _FILE form goes.
func environment(base []string, vars map[string]string) []string {
	var env []string
	for _, pair := range base {
		name, _, _ := strings.Cut(pair, "=")
		if _, ours := vars[strings.TrimSuffix(name, "_FILE")]; !ours {
			env = append(env, pair)
		}
	}
	for name, value := range vars {
		if value != "" {
			env = append(env, name+"="+value)
		}
	}
	return env
}

func (set *settings) awaitReady(ctx context.Context, p *child.Process, scr *screen) error {
	ctx, cancel := context.WithTimeoutCause(ctx, readyLimit, errors.New("it is not ready yet"))
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	answer := "no answer yet"
	for {
		select {
		case <-p.Done():
			return fmt.Errorf("presence ended: %w", p.Err())
		case <-ctx.Done():
			return fmt.Errorf("start presence: %w\n/readyz says: %s\nthe last lines of its log:\n%s",
				context.Cause(ctx), answer, child.Tail(filepath.Join(set.logs(), "presence.log"), 12))
		case <-tick.C:
		}
		var ready bool
		if ready, answer = set.ready(ctx); ready {
			return nil
		}
		scr.detail("waiting: " + answer)
	}
}

// ready asks presence whether it serves, and returns its own words.
func (set *settings) ready(ctx context.Context) (bool, string) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, set.url()+"/readyz", http.NoBody)
	if err != nil {
		return false, err.Error()
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false, "no answer yet"
	}
	defer resp.Body.Close()
	var problem struct{ Detail string }
	if err := json.NewDecoder(resp.Body).Decode(&problem); err != nil {
		return false, resp.Status
	}
	return resp.StatusCode == http.StatusOK, problem.Detail
}
