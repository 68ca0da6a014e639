package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"presence/aggregator/matrix"
	"presence/aggregator/state"
	"presence/spaces"
)

// settings is everything an operator can choose. Kong reads it from the
// environment and from flags of the same meaning, and the README's table is
// printed from it, so a setting is described in exactly one place. For every
// variable X, X_FILE names a file that holds the value instead.
type settings struct {
	Homeserver    string `name:"homeserver" env:"MATRIX_HS_URL,MATRIX_BASE_URL" help:"Base URL of the Matrix homeserver to follow, for example https://matrix.example.org. Required by the aggregator." group:"Matrix"`
	MatrixUser    string `name:"matrix-user" env:"MATRIX_USER_ID,PRESENCE_DAEMON_USER" help:"Matrix user id of the daemon, for example @presence_daemon:example.org. With an access token it may be left out." group:"Matrix"`
	MatrixToken   secret `name:"matrix-token" env:"MATRIX_ACCESS_TOKEN" help:"Access token of the daemon. Give this or a password." group:"Matrix"`
	MatrixPass    secret `name:"matrix-password" env:"MATRIX_PASSWORD" help:"Password of the daemon; it logs in once and keeps its session in the database." group:"Matrix"`
	SyncTimeoutMS int    `name:"sync-timeout-ms" env:"SYNC_TIMEOUT_MS" default:"30000" help:"How long one /sync may wait for news." group:"Matrix"`
	Infer         bool   `name:"infer" env:"PRESENCE_INFER" default:"true" negatable:"" help:"Where the homeserver has presence switched off, infer it from messages, receipts, typing and joins." group:"Matrix"`

	LinksFile   string   `name:"links-file" env:"PRESENCE_LINKS_FILE,ROOMS_CONFIG" help:"YAML file with the rooms of the city, read again when it changes." group:"City"`
	CityService string   `name:"city-service" env:"CITY_SERVICE_INTERNAL_URL,CITY_SERVICE_URL" help:"Base URL of a service whose /internal/city/rooms lists the rooms of the city." group:"City"`
	RefreshS    int      `name:"links-refresh-s" env:"ROOM_MAPPING_REFRESH_INTERVAL_S" default:"300" help:"How often the city service is asked." group:"City"`
	InternalKey secret   `name:"internal-key" env:"INTERNAL_API_KEY" help:"Key of /internal/city/rooms, ours and the city service's." group:"City"`
	Agents      []string `name:"agents" env:"PRESENCE_AGENTS" help:"Matrix ids of software agents, comma separated: counted apart from people." group:"City"`
	ThrottleMS  int      `name:"throttle-ms" env:"ROOM_PRESENCE_THROTTLE_MS" default:"3000" help:"At most one update per room in this time; the last value always follows. What people wait for (a room fills or empties, typing starts or stops) comes within half a second." group:"City"`
	GraceMS     int      `name:"grace-ms" env:"PRESENCE_GRACE_MS" default:"5000" help:"How long somebody must be gone before a count falls; hides the flicker of several devices." group:"City"`
	Exclude     []string `name:"exclude" env:"PRESENCE_EXCLUDE" help:"Regular expressions of Matrix ids that are never counted, comma separated, for example ^@ghost_.*: for a bridge's ghosts." group:"City"`
	CountIdle   bool     `name:"count-idle" env:"PRESENCE_COUNT_IDLE" default:"true" negatable:"" help:"Whether idle people are part of online_count." group:"City"`
	TypingCapS  int      `name:"typing-cap-s" env:"PRESENCE_TYPING_CAP_S" default:"120" help:"When typing that the homeserver never ended is ended here." group:"City"`
	Users       bool     `name:"publish-users" env:"PRESENCE_PUBLISH_USERS" help:"Also publish city.presence.user.<id> on NATS, one subject for each person." group:"City"`

	Listen     string   `name:"listen" env:"PRESENCE_LISTEN" default:"127.0.0.1:8080" help:"Address of the web server." group:"Gateway"`
	Origins    []string `name:"origins" env:"PRESENCE_ORIGINS" help:"Web origins besides our own that may open sockets, call the API and show a space in a frame (a Matrix widget), comma separated, for example https://app.element.io." group:"Gateway"`
	Proxies    []string `name:"trusted-proxies" env:"PRESENCE_TRUSTED_PROXIES" help:"Networks of reverse proxies whose X-Forwarded-For is believed, comma separated CIDRs. Without it all people behind a proxy are one address to every limit, and to the ban of a guest." group:"Gateway"`
	QueryToken bool     `name:"query-token" env:"PRESENCE_QUERY_TOKEN" help:"Accept ?token= on sockets. Off, because URLs end up in logs; prefer a one-time ticket." group:"Gateway"`
	JWTSecret  secret   `name:"jwt-secret" env:"JWT_SECRET" help:"Secret of the city's HS256 tokens; our own signing key is derived from it. Empty: made once and kept in the data folder (only on loopback)." group:"Gateway"`
	Admins     []string `name:"admins" env:"SYSTEM_ADMINS" help:"Subjects that may see and do everything, comma separated, for example matrix:@alice:example.org or hive:alice, which may be written alice." group:"Gateway"`
	PublicURL  string   `name:"public-url" env:"PRESENCE_PUBLIC_URL" help:"Where browsers find this server, for example https://city.example.org; texts that wallets sign name its host. Empty: the address of the web server." group:"Gateway"`
	HiveNodes  []string `name:"hive-node" env:"HIVE_NODE" default:"https://api.hive.blog,https://hive-api.dlux.io" help:"Hive API nodes that are asked for the keys of accounts, comma separated, in this order until one answers." group:"Gateway"`
	OpenID     []string `name:"matrix-openid-servers" env:"MATRIX_OPENID_SERVERS" help:"Matrix servers besides our own whose people may log in, comma separated: example.org, or example.org=https://matrix.internal:8448 to ask it there instead of where server discovery leads. Our own is that of MATRIX_USER_ID, asked at MATRIX_HS_URL." group:"Gateway"`
	Metrics    string   `name:"metrics-listen" env:"PRESENCE_METRICS_LISTEN" help:"A second address for /metrics. Empty: on the web server when that is on loopback, otherwise nowhere." group:"Gateway"`

	TurnURIs      []string `name:"turn-uris" env:"TURN_URIS" help:"STUN and TURN servers that clients are told of, comma separated, for example turn:turn.example.org:3478?transport=udp. Empty: none." group:"Spaces"`
	TurnSecret    secret   `name:"turn-secret" env:"TURN_SECRET" help:"Secret shared with the TURN servers, from which time-limited credentials are made (coturn: static-auth-secret)." group:"Spaces"`
	Media         []string `name:"media-origins" env:"MEDIA_ORIGINS" help:"Web origins whose pictures and glTF models the page of a space may load, comma separated, for example https://images.hive.blog or https://*.example.org. Empty: only our own." group:"Spaces"`
	GuestSeats    int      `name:"guest-seats" env:"GUEST_SEATS_PER_ADDRESS" default:"40" help:"How many guests of one address may be in a space at once (of IPv6: of one /64), never more than three quarters of its seats. People with an account are not counted." group:"Spaces"`
	RetentionDays int      `name:"chat-retention-days" env:"CHAT_RETENTION_DAYS" default:"90" help:"How long chat lines are kept." group:"Spaces"`

	NATS     address `name:"nats" env:"NATS_URL" help:"NATS server, 2.11 or later with JetStream. Empty: one inside this process." group:"Storage"`
	Database address `name:"database" env:"DATABASE_URL" help:"PostgreSQL URL. Empty: an SQLite file in the data folder." group:"Storage"`
	Data     string  `name:"data" env:"PRESENCE_DATA" default:"./data" help:"Folder of everything kept on this machine." group:"Storage" type:"path"`

	LogLevel  slog.Level `name:"log-level" env:"LOG_LEVEL" default:"info" help:"debug, info, warn or error." group:"Logs"`
	LogFormat string     `name:"log-format" env:"LOG_FORMAT" default:"text" enum:"text,json" help:"text for people, json for machines." group:"Logs"`
}

// origin is scheme, host and perhaps a port, as both an Origin header and a
// content security policy spell it; the host may stand for all below it. What
// fits has no character that could end its place in the policy.
var origin = regexp.MustCompile(`^https?://(\*\.)?[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?$`)

// Validate is called by kong after reading; a fault names the variable.
func (s *settings) Validate() error {
	for _, u := range []struct{ variable, value string }{
		{"MATRIX_HS_URL", s.Homeserver}, {"CITY_SERVICE_INTERNAL_URL", s.CityService},
	} {
		if err := checkURL(u.variable, u.value); err != nil {
			return err
		}
	}
	for _, o := range s.Origins {
		if err := checkURL("PRESENCE_ORIGINS", o); err != nil {
			return err
		}
	}
	for _, o := range s.Media {
		if !origin.MatchString(o) {
			return fmt.Errorf("MEDIA_ORIGINS: must be an origin such as https://images.example.org or https://*.example.org, without a path, got %q", o)
		}
	}
	if err := checkURL("PRESENCE_PUBLIC_URL", s.PublicURL); err != nil {
		return err
	}
	for _, node := range s.HiveNodes {
		if err := checkURL("HIVE_NODE", node); err != nil {
			return err
		}
	}
	for _, entry := range s.OpenID {
		server, at, _ := strings.Cut(entry, "=")
		if !spaces.ValidUserID("@user:" + server) {
			return fmt.Errorf("MATRIX_OPENID_SERVERS: %q is not the name of a Matrix server", server)
		}
		if err := checkURL("MATRIX_OPENID_SERVERS", at); err != nil {
			return err
		}
	}
	for _, a := range s.Agents {
		if !spaces.ValidUserID(a) {
			return fmt.Errorf("PRESENCE_AGENTS: %q is not a Matrix user id (@name:server)", a)
		}
	}
	for _, e := range s.Exclude {
		if _, err := regexp.Compile(e); err != nil {
			return fmt.Errorf("PRESENCE_EXCLUDE: %q is not a regular expression", e)
		}
	}
	if s.MatrixUser != "" && !spaces.ValidUserID(s.MatrixUser) {
		return fmt.Errorf("MATRIX_USER_ID: %q is not a Matrix user id (@name:server)", s.MatrixUser)
	}
	for _, p := range s.Proxies {
		if _, _, err := net.ParseCIDR(p); err != nil {
			return fmt.Errorf("PRESENCE_TRUSTED_PROXIES: %q is not a network such as 10.0.0.0/8", p)
		}
	}
	for _, n := range []struct {
		variable       string
		value, minimum int
	}{
		{"ROOM_PRESENCE_THROTTLE_MS", s.ThrottleMS, 0},
		{"PRESENCE_GRACE_MS", s.GraceMS, 0},
		{"PRESENCE_TYPING_CAP_S", s.TypingCapS, 1},
		{"SYNC_TIMEOUT_MS", s.SyncTimeoutMS, 1000},
		{"ROOM_MAPPING_REFRESH_INTERVAL_S", s.RefreshS, 1},
		{"CHAT_RETENTION_DAYS", s.RetentionDays, 1},
		{"GUEST_SEATS_PER_ADDRESS", s.GuestSeats, 1},
	} {
		if n.value < n.minimum {
			return fmt.Errorf("%s: must be at least %d, got %d", n.variable, n.minimum, n.value)
		}
	}
	for _, l := range []struct{ variable, value string }{{"PRESENCE_LISTEN", s.Listen}, {"PRESENCE_METRICS_LISTEN", s.Metrics}} {
		if _, _, err := net.SplitHostPort(l.value); err != nil && l.value != "" {
			return fmt.Errorf("%s: %q is not host:port", l.variable, l.value)
		}
	}
	return errors.Join(checkSchemes("NATS_URL", s.NATS, "nats", "tls"), checkSchemes("DATABASE_URL", s.Database, "postgres", "postgresql"))
}

// checkSchemes refuses an address of another kind of server, which would only
// fail later and less clearly.
func checkSchemes(variable string, value address, schemes ...string) error {
	for one := range strings.SplitSeq(string(value), ",") {
		u, err := url.Parse(one)
		if one != "" && (err != nil || !slices.Contains(schemes, u.Scheme)) {
			return fmt.Errorf("%s: must begin with %s://", variable, strings.Join(schemes, ":// or "))
		}
	}
	return nil
}

func checkURL(variable, value string) error {
	if value == "" {
		return nil
	}
	u, err := url.Parse(value)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return fmt.Errorf("%s: must be a URL such as https://example.org, got %q", variable, value)
	}
	return nil
}

// onLoopback reports whether only this machine can reach the listener.
func (s *settings) onLoopback() bool {
	host, _, err := net.SplitHostPort(s.Listen)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// publicURL is where browsers find us, as far as we can know.
func (s *settings) publicURL() string {
	if s.PublicURL != "" {
		return s.PublicURL
	}
	host, port, err := net.SplitHostPort(s.Listen)
	if ip := net.ParseIP(host); err != nil || host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, port)
}

// openIDServers are the Matrix servers whose people may log in, with the URL to
// ask each at; an empty one means server discovery.
func (s *settings) openIDServers() map[string]string {
	servers := map[string]string{}
	if _, own, found := strings.Cut(s.MatrixUser, ":"); found && s.Homeserver != "" {
		servers[own] = s.Homeserver
	}
	for _, entry := range s.OpenID {
		server, at, _ := strings.Cut(entry, "=")
		servers[server] = at
	}
	return servers
}

func (s *settings) chatRetention() time.Duration {
	return time.Duration(s.RetentionDays) * 24 * time.Hour
}

func (s *settings) throttle() time.Duration { return time.Duration(s.ThrottleMS) * time.Millisecond }
func (s *settings) grace() time.Duration    { return time.Duration(s.GraceMS) * time.Millisecond }
func (s *settings) syncTimeout() time.Duration {
	return time.Duration(s.SyncTimeoutMS) * time.Millisecond
}
func (s *settings) refresh() time.Duration { return time.Duration(s.RefreshS) * time.Second }

// secret is a string that never prints itself, so that no log line, help text
// or configuration dump can hold it.
type secret string

func (s secret) String() string {
	if s == "" {
		return ""
	}
	return "(set)"
}

// LogValue keeps secrets out of structured logs.
func (s secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText keeps secrets out of JSON.
func (s secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// address is one URL, or several separated by commas, that may hold a password
// and prints without it.
type address string

func (a address) String() string {
	hosts := strings.Split(string(a), ",")
	for i, host := range hosts {
		u, err := url.Parse(host)
		if err != nil {
			return "(set)"
		}
		hosts[i] = u.Redacted()
	}
	return strings.Join(hosts, ",")
}

// LogValue keeps passwords out of structured logs.
func (a address) LogValue() slog.Value { return slog.StringValue(a.String()) }

// fileResolver reads the value of every variable X from the file that X_FILE
// names, which is how container platforms hand over secrets. A missing file is
// an error: starting without the secret it should hold would be worse.
func fileResolver() kong.Resolver {
	return kong.ResolverFunc(func(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
		for _, name := range flag.Envs {
			path := os.Getenv(name + "_FILE")
			if path == "" {
				continue
			}
			if os.Getenv(name) != "" {
				return nil, fmt.Errorf("%s and %s_FILE are both set: remove one", name, name)
			}
			text, err := os.ReadFile(path)
			if err != nil {
				return nil, fmt.Errorf("%s_FILE: %w", name, err)
			}
			return strings.TrimSpace(string(text)), nil
		}
		return nil, nil
	})
}

func (s *settings) natsDir() string { return filepath.Join(s.Data, "nats") }

// stateConfig is for settings that were validated.
func (s *settings) stateConfig() state.Config {
	cfg := state.Config{
		Grace: s.grace(), OnlineLimit: onlineLimit, TypingCap: time.Duration(s.TypingCapS) * time.Second,
		Infer: s.Infer, CountIdle: s.CountIdle,
	}
	for _, a := range s.Agents {
		cfg.Agents = append(cfg.Agents, state.Agent{UserID: a})
	}
	for _, e := range s.Exclude {
		cfg.Exclude = append(cfg.Exclude, regexp.MustCompile(e))
	}
	return cfg
}

func (s *settings) matrixConfig() matrix.Config {
	return matrix.Config{
		Homeserver: s.Homeserver, UserID: s.MatrixUser,
		AccessToken: string(s.MatrixToken), Password: string(s.MatrixPass), Infer: s.Infer,
	}
}
