package main

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"presence/migrations"
	"presence/spaces"
	"presence/spaces/store"
)

// TestMain fails the run when a goroutine of the program outlives it.
func TestMain(m *testing.M) {
	if asProgram() {
		return
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		http.DefaultTransport.(*http.Transport).CloseIdleConnections()
		os.Exit(code)
	}))
}

// TestReadmeSettings keeps the README's table what the program says.
func TestReadmeSettings(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(readme), "compared by a test -->\n")
	inReadme, _, found := strings.Cut(after, "<!-- end of settings -->")
	if !found {
		t.Fatal("README.md has no settings table")
	}
	if table := output(t, "config", "--markdown"); strings.TrimSpace(table) != strings.TrimSpace(inReadme) {
		t.Errorf("the README's settings are out of date; replace them with the output of: presence config --markdown\n%s", table)
	}
}

// TestUsage: what a person gets to read for each mistake, before anything runs.
func TestUsage(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		args []string
		want string
	}{
		{"no homeserver", []string{"serve"}, "MATRIX_HS_URL: must be set"},
		{"homeserver is no URL", []string{"serve", "--homeserver=example.org"}, "MATRIX_HS_URL: must be a URL"},
		{"no credentials", []string{"serve", "--homeserver=http://127.0.0.1:1"}, "give an access token"},
		{"user is no Matrix id", []string{"serve", "--matrix-user=alice"}, "MATRIX_USER_ID: \"alice\" is not a Matrix user id"},
		{"agent is no Matrix id", []string{"serve", "--agents=bot"}, "PRESENCE_AGENTS: \"bot\""},
		{"open listener, no secret", []string{"serve", "--parts=gateway", "--nats=nats://127.0.0.1:1", "--database=postgres://127.0.0.1:1/x", "--listen=0.0.0.0:0"}, "JWT_SECRET: must be set because PRESENCE_LISTEN=0.0.0.0:0"},
		{"open listener, short key", []string{"serve", "--parts=gateway", "--nats=nats://127.0.0.1:1", "--database=postgres://127.0.0.1:1/x", "--listen=0.0.0.0:0", "--internal-key=short"}, "INTERNAL_API_KEY: must have at least 32 bytes"},
		{"short secret", []string{"token", "x", "--jwt-secret=short"}, "JWT_SECRET: must have at least 32 bytes"},
		{"half a city alone", []string{"serve", "--parts=gateway"}, "set NATS_URL and DATABASE_URL"},
		{"unknown part", []string{"serve", "--parts=bridge"}, "--parts"},
		{"bad slug", []string{"link", "add", "Général", "!a:b"}, "slug: \"Général\": only a-z"},
		{"room is neither id nor alias", []string{"link", "add", "general", "general"}, "matrix_room_id"},
		{"no such link", []string{"link", "remove", "nowhere"}, "nowhere"},
		{"no such login", []string{"login", "revoke", "hive:nobody"}, "has no login\n-> list logins with: presence login list"},
		{"nobody's login", []string{"login", "revoke", " "}, "subject: must not be empty"},
		{"links file with an unknown key", []string{"serve", "--homeserver=http://127.0.0.1:1", "--matrix-token=t", "--links-file=testdata/unknown_key.yaml"}, "colour"},
		{"database of another kind", []string{"config", "--database=mysql://db/x"}, "DATABASE_URL: must begin with postgres://"},
		{"broker of another kind", []string{"config", "--nats=http://nats"}, "NATS_URL: must begin with nats://"},
		{"metrics without a port", []string{"config", "--metrics-listen=x"}, "PRESENCE_METRICS_LISTEN: \"x\" is not host:port"},
		{"seen by both", []string{"link", "add", "general", "!a:b", "--private", "--public"}, "can't be used together"},
		{"unknown flag", []string{"serve", "--nope"}, "Try: presence --help"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			err := run(t.Context(), append(c.args, "--data="+t.TempDir()), io.Discard, io.Discard)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("presence %s\n got: %v\nwant: …%s…", strings.Join(c.args, " "), err, c.want)
			}
		})
	}
}

// TestLinkPrivacy: who sees a new link is said at once, and a room of a microDAO
// is not open to everybody by oversight.
func TestLinkPrivacy(t *testing.T) {
	t.Parallel()
	data := "--data=" + t.TempDir()
	for _, c := range []struct{ flags, want string }{
		{"", "seen by everybody"},
		{"--private", "seen by admins only"},
		{"--microdao=guild", "seen by members of guild"},
		{"--microdao=guild --public", "seen by everybody"},
	} {
		args := append([]string{"link", "add", "guild", "#city_guild:example.org", data}, strings.Fields(c.flags)...)
		if text := output(t, args...); !strings.Contains(text, c.want) {
			t.Errorf("link add %s says %q, want %q in it", c.flags, text, c.want)
		}
	}
}

// TestLinkRemoved: who removes a link that stood before one of the file reads
// that the room is still there.
func TestLinkRemoved(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db, err := migrations.Open(t.Context(), "", dir, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}()
	link := spaces.Link{Slug: "general", Name: "General", Alias: "#general:example.org", Public: true}
	if err := store.New(db).ReplaceLinks(t.Context(), store.OriginYAML, []spaces.Link{link}); err != nil {
		t.Fatal(err)
	}
	data := "--data=" + dir
	for slug, want := range map[string]string{"general": "is back as general", "garden": "garden is no longer in the city"} {
		output(t, "link", "add", slug, "#"+slug+":example.org", data)
		if text := output(t, "link", "remove", slug, data); !strings.Contains(text, want) {
			t.Errorf("link remove %s says %q, want %q in it", slug, text, want)
		}
	}
	if err := run(t.Context(), []string{"link", "remove", "general", data}, io.Discard, io.Discard); err == nil || !strings.Contains(err.Error(), "YAML file\n-> remove it there") {
		t.Errorf("removing a link of the file: %v", err)
	}
}

// TestSecretsStaySecret: no command prints them, and the kept one is for its
// owner alone.
func TestSecretsStaySecret(t *testing.T) {
	t.Parallel()
	const hidden = "a-very-secret-value-of-more-than-32-bytes"
	text := output(t, "config", "--jwt-secret="+hidden, "--matrix-token="+hidden, "--internal-key="+hidden, "--matrix-password="+hidden,
		"--database=postgres://presence:"+hidden+"@db/presence", "--nats=nats://presence:"+hidden+"@nats:4222")
	if strings.Contains(text, hidden) {
		t.Errorf("presence config prints a secret:\n%s", text)
	}
	dir := t.TempDir()
	output(t, "token", "somebody", "--data="+dir)
	info, err := os.Stat(dir + "/jwt_secret")
	if err != nil {
		t.Fatal(err)
	}
	if mode := info.Mode().Perm(); mode != 0o600 {
		t.Errorf("the kept secret has mode %o, want 600", mode)
	}
}

// TestMediaOrigins: what gets into the content security policy is an origin and
// nothing else.
func TestMediaOrigins(t *testing.T) {
	t.Parallel()
	output(t, "config", "--media-origins=https://images.hive.blog,http://127.0.0.1:9000,https://*.Example.org:8443")
	for _, wrong := range []string{
		"images.hive.blog", "*", "https://*", "https:", "https://", "ftp://a.example", "data:", "https://a.example/", "https://a.example/pictures",
		"https://a.*.example", "https://user@a.example", "https://a.example?x", "https://a.example;script-src", "https://a.example 'unsafe-inline'", "https://a.example:port",
	} {
		var out bytes.Buffer
		err := run(t.Context(), []string{"config", "--media-origins=" + wrong}, &out, io.Discard)
		if err == nil || !strings.Contains(err.Error(), "MEDIA_ORIGINS: must be an origin such as https://images.example.org") {
			t.Errorf("%q: %v", wrong, err)
		}
	}
}

// output runs a command that must succeed and returns what it prints.
func output(t *testing.T, args ...string) string {
	t.Helper()
	var out bytes.Buffer
	if err := run(t.Context(), args, &out, io.Discard); err != nil {
		t.Fatalf("presence %s: %v", strings.Join(args, " "), err)
	}
	return out.String()
}
