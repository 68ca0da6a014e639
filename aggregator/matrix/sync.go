package matrix

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"sync/atomic"
	"time"

	"maunium.net/go/mautrix"
)

// SyncRequest is one poll.
type SyncRequest struct {
	Since    string        // NextBatch of the response before; empty: an initial sync
	FilterID string        // from UploadFilter
	Timeout  time.Duration // how long the server may wait for news; zero: answer at once
}

// UploadFilter stores the daemon's filter on the homeserver and returns its
// id. Servers give equal filters equal ids, so another id than before means
// that the old cursor was made with another filter, and a filter is never
// applied backwards (matrix-org/synapse#4044): start afresh then.
func (c *Client) UploadFilter(ctx context.Context) (string, error) {
	var filterID string
	err := c.ask(ctx, "upload the filter", func(ctx context.Context, api *mautrix.Client) error {
		answer, err := api.CreateFilter(ctx, syncFilter(api.UserID, c.cfg.Infer))
		if err == nil {
			filterID = answer.FilterID
		}
		return err
	})
	return filterID, err
}

// errLost is the failure of a poll that was answered once more than we heard.
var errLost = errors.New("the connection broke and the poll was sent again: the first answer may be lost")

// Sync polls once and decodes the answer. set_presence=offline keeps the
// daemon from looking online because it reads.
func (c *Client) Sync(ctx context.Context, req SyncRequest) (*Response, error) {
	api, err := c.current()
	if err != nil {
		return nil, failed("sync", err)
	}
	limit := req.Timeout + syncSlack
	if req.Since == "" {
		limit = initialTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	// net/http sends a GET again by itself when a kept connection breaks before
	// the answer. The server may count the first answer as given, and Dendrite
	// does not say presence twice: that must not pass for a success.
	var sent atomic.Int32
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteRequest: func(w httptrace.WroteRequestInfo) {
		if w.Err == nil {
			sent.Add(1)
		}
	}})
	body, err := api.MakeFullRequest(ctx, mautrix.FullRequest{
		Method: http.MethodGet, URL: api.BuildURLWithQuery(mautrix.ClientURLPath{"v3", "sync"}, req.query()), MaxAttempts: 1,
	})
	if err == nil && sent.Load() > 1 {
		err = errLost
	}
	if err != nil {
		return nil, failed("sync", err)
	}
	return Decode(body, time.Now(), req.Since == "", api.UserID.String())
}

func (r SyncRequest) query() map[string]string {
	query := map[string]string{
		"timeout":      strconv.FormatInt(r.Timeout.Milliseconds(), 10),
		"set_presence": "offline",
		// Synapse before specification 1.16 knows only the second name.
		"use_state_after":                    "true",
		"org.matrix.msc4222.use_state_after": "true",
	}
	if r.Since != "" {
		query["since"] = r.Since
	}
	if r.FilterID != "" {
		query["filter"] = r.FilterID
	}
	return query
}
