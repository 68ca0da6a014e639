package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"

	"presence/deploy/dendrite"
)

// settings are the few choices of `make run`. Everything else in the
// environment goes to presence as it is.
type settings struct {
	listen   string // PRESENCE_LISTEN
	data     string // PRESENCE_DATA, absolute
	hsListen string // HOMESERVER_LISTEN
	hsData   string // HOMESERVER_DATA, absolute
	external bool   // follow the homeserver that MATRIX_HS_URL names
	presence string // the program
}

func readSettings(getenv func(string) string) (*settings, error) {
	get := func(name, otherwise string) string {
		if v := getenv(name); v != "" {
			return v
		}
		return otherwise
	}
	// presence takes every variable as a file as well.
	given := func(name string) bool { return getenv(name) != "" || getenv(name+"_FILE") != "" }

	set := &settings{
		listen:   get("PRESENCE_LISTEN", "127.0.0.1:8080"),
		hsListen: get("HOMESERVER_LISTEN", "127.0.0.1:8008"),
		external: given("MATRIX_HS_URL"),
	}
	if set.external && !given("MATRIX_ACCESS_TOKEN") && (!given("MATRIX_USER_ID") || !given("MATRIX_PASSWORD")) {
		return nil, errors.New("MATRIX_HS_URL is set, but nothing to log in with.\n" +
			"Give MATRIX_ACCESS_TOKEN, or MATRIX_USER_ID and MATRIX_PASSWORD, of an account that presence may use;\n" +
			"or unset MATRIX_HS_URL to get a local city")
	}
	for _, a := range []struct{ variable, value string }{
		{"PRESENCE_LISTEN", set.listen}, {"HOMESERVER_LISTEN", set.hsListen},
	} {
		if _, port, err := net.SplitHostPort(a.value); err != nil || port == "" || port == "0" {
			return nil, fmt.Errorf("%s: %q is not host:port, for example 127.0.0.1:8080", a.variable, a.value)
		}
	}
	if host, _, _ := net.SplitHostPort(set.hsListen); !dendrite.IsLoopback(host) {
		return nil, fmt.Errorf("HOMESERVER_LISTEN: %s is not on loopback; this homeserver is for development only, use for example 127.0.0.1:8008", set.hsListen)
	}
	return set, set.places(get)
}

func (set *settings) places(get func(name, otherwise string) string) error {
	var err error
	if set.data, err = filepath.Abs(get("PRESENCE_DATA", "data")); err != nil {
		return err
	}
	if set.hsData, err = filepath.Abs(get("HOMESERVER_DATA", filepath.Join(set.data, "homeserver"))); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	set.presence = filepath.Join(filepath.Dir(self), "presence")
	return nil
}

// logs is the folder of the children's logs.
func (set *settings) logs() string { return filepath.Join(set.data, "logs") }

// linksFile is where the rooms of the local city are written for presence.
func (set *settings) linksFile() string { return filepath.Join(set.data, "city.yaml") }

// postsFile is where the posts of the local city are written for presence.
func (set *settings) postsFile() string { return filepath.Join(set.data, "posts.jsonl") }

// envFile is where presence's settings are written, for use at a terminal.
func (set *settings) envFile() string { return filepath.Join(set.data, "city.env") }

// url is where presence is reached from this machine.
func (set *settings) url() string {
	host, port, _ := net.SplitHostPort(set.listen)
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port)
}
