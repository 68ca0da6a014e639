package matrix

import (
	"context"
	"net"
	"net/http"
	"sync"
	"time"

	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/id"

	"presence/spaces"
)

// Limits of one request.
const (
	requestTimeout = time.Minute
	// syncSlack is added to the long poll's own time: the answer may be large
	// and the way slow.
	syncSlack = 30 * time.Second
	// initialTimeout is long because an initial sync of a large server takes
	// minutes, and giving up early only makes it start again.
	initialTimeout = 10 * time.Minute
	// maxResponse bounds the memory of one answer. An initial sync of 10,000
	// people in 1,000 rooms is about 40 MB.
	maxResponse = 256 << 20
)

// Config says which account the daemon is.
type Config struct {
	Homeserver  string            // base URL
	UserID      string            // needed with Password; with a token only checked
	AccessToken string            // a session made elsewhere; empty: log in with Password
	Password    string            // may be given beside a token, for when the token ends
	Infer       bool              // ask for messages and the like too, as signs of life
	Transport   http.RoundTripper // nil: a tuned one of its own
}

// Client is the daemon's session with its homeserver. It is safe for use by
// several goroutines; Connect and Renew must not run at the same time as one
// another.
type Client struct {
	cfg      Config
	sessions Sessions
	http     *http.Client

	mu      sync.Mutex // guards what follows
	session Session    // in use; zero before Connect
	unsaved *Session   // granted by the server, not yet saved, so not yet in use
	api     *mautrix.Client

	tokenRefused bool // see TokenRefused
}

// New checks the configuration. It makes no request.
func New(cfg Config, sessions Sessions) (*Client, error) {
	if _, err := mautrix.ParseAndNormalizeBaseURL(cfg.Homeserver); err != nil || cfg.Homeserver == "" {
		return nil, spaces.Invalid("MATRIX_HS_URL", "%q is not the base URL of a homeserver, such as https://matrix.example.org", cfg.Homeserver)
	}
	if cfg.UserID != "" && !spaces.ValidUserID(cfg.UserID) {
		return nil, spaces.Invalid("MATRIX_USER_ID", "%q is not a Matrix user id (@name:server)", cfg.UserID)
	}
	if cfg.AccessToken == "" && (cfg.Password == "" || cfg.UserID == "") {
		return nil, spaces.Invalid("MATRIX_ACCESS_TOKEN", "give an access token, or MATRIX_USER_ID and MATRIX_PASSWORD")
	}
	if cfg.Transport == nil {
		cfg.Transport = newTransport()
	}
	return &Client{cfg: cfg, sessions: sessions, http: &http.Client{
		Transport: cfg.Transport,
		// A redirect would carry a login's password to whatever host it names.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// newTransport keeps the few connections the daemon needs: the long poll and
// its errands.
func newTransport() *http.Transport {
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 15 * time.Second}).DialContext,
		TLSHandshakeTimeout: 10 * time.Second,
		ForceAttemptHTTP2:   true,
		MaxIdleConnsPerHost: 8,
		IdleConnTimeout:     90 * time.Second,
	}
}

// UserID is the daemon's own user id; empty before Connect.
func (c *Client) UserID() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.session.UserID
}

// Close lets go of idle connections. Requests that still run are not ended;
// their contexts do that.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// dial makes a mautrix client with the given credentials. A new one is made
// for every session, since mautrix does not guard its fields.
func (c *Client) dial(userID, token string) (*mautrix.Client, error) {
	api, err := mautrix.NewClient(c.cfg.Homeserver, id.UserID(userID), token)
	if err != nil {
		return nil, failed("use the homeserver's URL", err)
	}
	api.Client = c.http
	api.UserAgent = "presence " + mautrix.DefaultUserAgent
	api.ResponseSizeLimit = maxResponse
	// Waiting belongs to the aggregator: it knows what else is due.
	api.DefaultHTTPRetries = 0
	return api, nil
}

// current is the client of the session in use.
func (c *Client) current() (*mautrix.Client, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.api == nil {
		return nil, spaces.Invalid("session", "used before Connect")
	}
	return c.api, nil
}

// ask runs one request with the session in use and the usual time limit.
func (c *Client) ask(ctx context.Context, operation string, do func(context.Context, *mautrix.Client) error) error {
	api, err := c.current()
	if err != nil {
		return failed(operation, err)
	}
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	return failed(operation, do(ctx, api))
}
