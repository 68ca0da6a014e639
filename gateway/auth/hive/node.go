package hive

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"presence/spaces"
)

// maxAnswer is far over what a node says about one account: its profile is at
// most 64 KB, and there are few keys.
const maxAnswer = 1 << 20

// askNode calls condenser_api.get_accounts for one account.
func (a *Accounts) askNode(ctx context.Context, node, account string) (Authority, error) {
	question, err := json.Marshal(map[string]any{
		"jsonrpc": "2.0", "id": 1, "method": "condenser_api.get_accounts", "params": [][]string{{account}},
	})
	if err != nil {
		return Authority{}, fmt.Errorf("encode the question: %w", err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, node, bytes.NewReader(question))
	if err != nil {
		return Authority{}, fmt.Errorf("make the request: %w", err)
	}
	r.Header.Set("Content-Type", "application/json")
	response, err := a.client.Do(r)
	if err != nil {
		return Authority{}, withoutURL(err)
	}
	defer func() { _ = response.Body.Close() }() // it was only read
	if response.StatusCode != http.StatusOK {
		return Authority{}, fmt.Errorf("it answered with status %d", response.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	switch {
	case err != nil:
		return Authority{}, fmt.Errorf("read the answer: %w", err)
	case len(body) > maxAnswer:
		return Authority{}, fmt.Errorf("the answer is over %d bytes", maxAnswer)
	}
	return decodePosting(body, account)
}

// hostOf is what the log says of a node: its URL may hold a key.
func hostOf(node string) string {
	u, err := url.Parse(node)
	if err != nil {
		return "one whose URL cannot be read"
	}
	return u.Host
}

// withoutURL drops the address from an error of net/http.
func withoutURL(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err
	}
	return err
}

// decodePosting reads the posting authority of account out of a node's answer.
// It is CodeUnauthenticated when the node says that there is no such account;
// any other error means that the answer is of no use.
func decodePosting(body []byte, account string) (Authority, error) {
	var answer struct {
		Error  json.RawMessage `json:"error"`
		Result *[]struct {
			Name    string           `json:"name"`
			Posting encodedAuthority `json:"posting"`
		} `json:"result"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return Authority{}, fmt.Errorf("read the answer: %w", err)
	}
	switch {
	case len(answer.Error) > 0 && string(answer.Error) != "null":
		return Authority{}, errors.New("it answered with an error")
	case answer.Result == nil:
		return Authority{}, errors.New("its answer has no result")
	}
	for _, found := range *answer.Result {
		if found.Name == account {
			return found.Posting.decode()
		}
	}
	return Authority{}, &spaces.Error{
		Code: spaces.CodeUnauthenticated, Field: "account", Message: "does not exist on Hive",
	}
}

// encodedAuthority is an authority in a node's words: its keys are pairs of a
// text and a weight.
type encodedAuthority struct {
	Threshold int64                `json:"weight_threshold"`
	Keys      [][2]json.RawMessage `json:"key_auths"`
}

func (e encodedAuthority) decode() (Authority, error) {
	a := Authority{Threshold: e.Threshold, Weights: map[Key]int64{}}
	if e.Threshold < 1 {
		return Authority{}, errors.New("its answer has no posting authority")
	}
	for _, pair := range e.Keys {
		var key string
		var weight int64
		if err := errors.Join(json.Unmarshal(pair[0], &key), json.Unmarshal(pair[1], &weight)); err != nil {
			return Authority{}, fmt.Errorf("read a key of the account: %w", err)
		}
		a.Weights[Key(key)] = weight
	}
	return a, nil
}
