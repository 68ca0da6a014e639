package store

import (
	"encoding/json"
	"strings"
	"time"

	"presence/spaces"
)

// importLine is a post or a document as operators bring them: the columns of
// the first server's tables, with the names that Hive itself uses beside them.
type importLine struct {
	Author   string          `json:"author"`
	Permlink string          `json:"permlink"`
	Type     spaces.Kind     `json:"type"`
	Title    string          `json:"title"`
	Content  string          `json:"content"`
	Body     string          `json:"body"`
	Metadata json.RawMessage `json:"json_metadata"`
	Block    int64           `json:"block"`
	Votes    int64           `json:"votes"`
	Rating   int64           `json:"rating"`
	NSFW     bool            `json:"nsfw"`
	Hidden   bool            `json:"hidden"`
	Flagged  bool            `json:"flagged"`
	Created  string          `json:"created"`
	Created2 string          `json:"created_at"`
	Updated  string          `json:"updated_at"`

	ID          int64  `json:"id"`
	Creator     string `json:"creator"`
	Owner       string `json:"owner"`
	Public      bool   `json:"is_public"`
	Permissions []struct {
		Account    string `json:"user_account"`
		Permission string `json:"permission"`
	} `json:"permissions"`
}

// ParseContent reads one line of an import: a JSON object with an author is a
// post, one with a creator is a document. Exactly one of the two is returned
// with a nil error.
func ParseContent(line []byte) (*Post, *Document, error) {
	var l importLine
	if err := json.Unmarshal(line, &l); err != nil {
		return nil, nil, spaces.Invalid("line", "must be a JSON object with the columns of a post or a document")
	}
	created, err := importTime("created_at", l.Created2, l.Created)
	if err != nil {
		return nil, nil, err
	}
	updated, err := importTime("updated_at", l.Updated)
	if err != nil {
		return nil, nil, err
	}
	if l.Content == "" {
		l.Content = l.Body
	}
	switch {
	case l.Author != "":
		p, err := Post{
			Author: l.Author, Permlink: l.Permlink, Kind: l.Type, Title: l.Title, Content: l.Content, Metadata: l.metadata(),
			Block: l.Block, Votes: l.Votes, Rating: l.Rating, NSFW: l.NSFW, Hidden: l.Hidden, Flagged: l.Flagged,
			CreatedAt: created, UpdatedAt: updated,
		}.Normalize()
		return &p, nil, err
	case l.Creator != "":
		d := Document{ID: l.ID, Creator: l.Creator, Title: l.Title, Content: l.Content, Public: l.Public, CreatedAt: created, UpdatedAt: updated}
		if l.Owner != "" || l.Permlink != "" {
			d.Name = l.Owner + "/" + l.Permlink
		}
		for _, p := range l.Permissions {
			d.Shares = append(d.Shares, Share(p))
		}
		return nil, &d, d.check()
	}
	return nil, nil, spaces.Invalid("author", "must be there for a post, or creator for a document")
}

// metadata may be an object or, as Hive has it, a string that holds one. What
// is neither is left out: authors write it by hand.
func (l *importLine) metadata() string {
	text := string(l.Metadata)
	var inner string
	if json.Unmarshal(l.Metadata, &inner) == nil {
		text = inner
	}
	text = strings.TrimSpace(text)
	if len(text) > MaxContent || !strings.HasPrefix(text, "{") || !json.Valid([]byte(text)) {
		return "{}"
	}
	return cutText(text, MaxContent)
}

// importTime reads the first text that is there: RFC 3339, or a time without a
// zone, which is UTC, as Hive and the first server write it.
func importTime(field string, texts ...string) (time.Time, error) {
	for _, text := range texts {
		if text == "" {
			continue
		}
		for _, form := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02 15:04:05Z07"} {
			if t, err := time.Parse(form, text); err == nil && t.Year() > 1970 && t.Year() < 9999 {
				return t.UTC(), nil
			}
		}
		return time.Time{}, spaces.Invalid(field, "must be a time such as 2026-05-01T12:00:00Z")
	}
	return time.Time{}, nil
}

// IsForeignKind reports that a line is a post of a type that is no space, which
// an import passes over.
func IsForeignKind(line []byte) bool {
	var l struct {
		Author string `json:"author"`
		Type   string `json:"type"`
	}
	if json.Unmarshal(line, &l) != nil || l.Author == "" || l.Type == "" {
		return false
	}
	for _, k := range spaces.PostKinds {
		if l.Type == string(k) {
			return false
		}
	}
	return true
}
