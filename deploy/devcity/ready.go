package main

import (
	"os"
	"path/filepath"
	"strings"
	"time"

	"presence/deploy/dendrite"
	"presence/deploy/devcity/town"
)

// sayReady ends the start as a newcomer needs it: where to look, how to join
// in, where things are and how to get rid of them.
func (set *settings) sayReady(scr *screen, server *dendrite.Server, t *town.Town, seed string) {
	scr.say("\nready: %s/city   (after %.1f s)", set.url(), time.Since(scr.began).Seconds())

	scr.say("\nLog in with a Matrix client of your own and the city sees you:")
	scr.say("  homeserver  %s", server.URL())
	for _, guest := range t.Plan.With(town.Guest) {
		scr.say("  user        %-6s password %s", guest.Login, town.Password(seed, guest.Login))
	}
	scr.say("  room        #city_general:localhost   start typing there and look at the page")

	tool := "env $(cat " + short(set.envFile()) + ") " + short(set.presence)
	scr.say("\nFrom another terminal, with the settings of this city:")
	scr.say("  %s doctor", tool)
	scr.say("  %s link list", tool)
	set.sayWhere(scr)
}

func (set *settings) sayFollowing(scr *screen) {
	scr.say("\nready: %s/city", set.url())
	scr.say("\nFollowing the homeserver of MATRIX_HS_URL. Link rooms with: %s link add --help", short(set.presence))
	set.sayWhere(scr)
}

func (set *settings) sayWhere(scr *screen) {
	scr.say("\n  data        %s", short(set.data))
	if !set.external && !strings.HasPrefix(set.hsData, set.data+string(filepath.Separator)) {
		scr.say("              %s", short(set.hsData))
	}
	scr.say("  logs        %s", short(set.logs()))
	scr.say("  start over  make wipe")
	scr.say("\nCtrl-C stops everything.")
}

// short is a path as seen from the working directory when that is shorter.
func short(path string) string {
	dir, err := os.Getwd()
	if err != nil {
		return path
	}
	rel, err := filepath.Rel(dir, path)
	if err != nil || strings.HasPrefix(rel, "..") {
		return path
	}
	return "./" + rel
}
