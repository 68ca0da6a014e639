package links

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"presence/spaces"
)

const (
	// pullTimeout is for the whole answer; a city service reads one table.
	pullTimeout = 30 * time.Second
	// maxAnswer is some 30,000 rooms.
	maxAnswer = 16 << 20
	// keyHeader is what the services of the original city send one another.
	keyHeader = "X-Internal-API-Key"
)

// cityService asks {base}/internal/city/rooms. It is safe for concurrent use.
type cityService struct {
	url, key string
	client   *http.Client
}

func newCityService(base, key string, transport http.RoundTripper) (*cityService, error) {
	parsed, err := url.Parse(base)
	if err != nil || parsed.Host == "" || parsed.Scheme != "http" && parsed.Scheme != "https" {
		return nil, spaces.Invalid("CITY_SERVICE_INTERNAL_URL", "must be an http:// or https:// URL")
	}
	if transport == nil {
		own := http.DefaultTransport.(*http.Transport).Clone()
		own.DisableKeepAlives = true // minutes pass between two pulls, and no goroutine may outlive Run
		transport = own
	}
	return &cityService{
		url: parsed.JoinPath("internal", "city", "rooms").String(),
		key: key,
		client: &http.Client{
			Transport: transport,
			Timeout:   pullTimeout,
			// A redirect would carry the key to whatever host it names.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

// pull returns the rooms as links, and what of the answer was not taken. An
// empty list is an error, errEmpty.
func (c *cityService) pull(ctx context.Context) ([]spaces.Link, []fault, error) {
	body, err := c.get(ctx)
	if err != nil {
		return nil, nil, err
	}
	links, faults, err := parseAnswer(body)
	if err == nil && len(links) == 0 {
		err = errEmpty
	}
	return links, faults, err
}

var errEmpty = &spaces.Error{
	Code: spaces.CodeUnavailable, Message: "the city service lists no usable room; the links stay as they are",
	Fix: "if the city is meant to be empty, take CITY_SERVICE_INTERNAL_URL out of the settings",
}

func (c *cityService) get(ctx context.Context) (body []byte, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url, nil)
	if err != nil {
		return nil, fmt.Errorf("ask the city service: %w", err)
	}
	request.Header.Set("Accept", "application/json")
	if c.key != "" {
		request.Header.Set(keyHeader, c.key)
	}
	answer, err := c.client.Do(request)
	if err != nil {
		return nil, &spaces.Error{Code: spaces.CodeUnavailable, Message: "the city service does not answer", Err: err}
	}
	defer func() { err = errors.Join(err, answer.Body.Close()) }()
	if answer.StatusCode != http.StatusOK {
		return nil, statusError(answer)
	}
	body, err = io.ReadAll(io.LimitReader(answer.Body, maxAnswer+1))
	if err != nil {
		return nil, &spaces.Error{Code: spaces.CodeUnavailable, Message: "the city service broke off its answer", Err: err}
	}
	if len(body) > maxAnswer {
		return nil, &spaces.Error{Code: spaces.CodeTooLarge, Message: fmt.Sprintf("the city service's answer is larger than %d bytes", maxAnswer)}
	}
	return body, nil
}

func statusError(answer *http.Response) error {
	e := &spaces.Error{Code: spaces.CodeUnavailable, Message: fmt.Sprintf("the city service answered %d %s", answer.StatusCode, http.StatusText(answer.StatusCode))}
	switch code := answer.StatusCode; {
	case code == http.StatusUnauthorized || code == http.StatusForbidden:
		e.Fix = "set INTERNAL_API_KEY to the key that the city service expects"
	case code == http.StatusNotFound:
		e.Fix = "CITY_SERVICE_INTERNAL_URL is the address before /internal/city/rooms"
	case code >= 300 && code < 400:
		e.Fix = "set CITY_SERVICE_INTERNAL_URL to the final address; redirects are not followed, because they would take the key along"
	}
	return e
}
