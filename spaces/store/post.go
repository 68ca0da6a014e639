package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"go.mau.fi/util/dbutil"

	"presence/spaces"
)

// MaxContent is how much of the text of a post or document is kept, in bytes;
// it is Hive's own limit on a whole operation.
const MaxContent = 64 << 10

// maxTitle is Hive's limit on a title, in bytes.
const maxTitle = 255

// Post is a DLUX post as the first server's table has it.
type Post struct {
	Author    string
	Permlink  string
	Kind      spaces.Kind // one of [spaces.PostKinds]
	Title     string
	Content   string
	Metadata  string // a JSON object, json_metadata of the post; empty is {}
	Block     int64
	Votes     int64
	Rating    int64
	NSFW      bool
	Hidden    bool // left out everywhere
	Flagged   bool // likewise, by the judgement of people
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Key is the key of the post's space.
func (p Post) Key() spaces.Key {
	return spaces.Key{Type: spaces.TypePost, ID: p.Author + "/" + p.Permlink, Subspace: spaces.MainSubspace}
}

// Normalize fills what a source may leave out (title, metadata, update time),
// cuts a text that is too long and checks the rest.
func (p Post) Normalize() (Post, error) {
	if _, err := spaces.ParseKey(string(spaces.TypePost), p.Author+"/"+p.Permlink, ""); err != nil {
		return Post{}, err
	}
	if !slices.Contains(spaces.PostKinds, p.Kind) {
		return Post{}, spaces.Invalid("type", "must be 360, vrml, aframe, blog, art or game: other posts are no spaces")
	}
	if p.CreatedAt.IsZero() {
		return Post{}, spaces.Invalid("created_at", "must be a time")
	}
	if p.UpdatedAt.Before(p.CreatedAt) {
		p.UpdatedAt = p.CreatedAt
	}
	if p.Metadata == "" {
		p.Metadata = "{}"
	}
	if len(p.Metadata) > MaxContent || !json.Valid([]byte(p.Metadata)) || p.Metadata[0] != '{' {
		return Post{}, spaces.Invalid("metadata", "must be a JSON object of at most %d bytes", MaxContent)
	}
	if p.Title == "" {
		p.Title = p.Permlink
	}
	p.Title, p.Content = cutText(p.Title, maxTitle), cutText(p.Content, MaxContent)
	return p, nil
}

// cutText makes a text storable on both engines: valid UTF-8 without NUL, of
// at most limit bytes.
func cutText(text string, limit int) string {
	text = strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "")
	if len(text) <= limit {
		return text
	}
	text = text[:limit]
	for len(text) > 0 {
		if r, size := utf8.DecodeLastRuneInString(text); r != utf8.RuneError || size > 1 {
			break
		}
		text = text[:len(text)-1]
	}
	return text
}

// PutPosts writes posts, new or changed, in one transaction: up to a thousand
// of them cost six statements.
func (s *Store) PutPosts(ctx context.Context, posts []Post) error {
	rows, places := make([][]any, 0, len(posts)), map[string]int{} // one statement may not write a row twice
	for _, p := range posts {
		p, err := p.Normalize()
		if err != nil {
			return err
		}
		id := p.Key().ID
		row := []any{
			p.Author, p.Permlink, p.Kind, p.Title, p.Content, p.Metadata, p.Block, p.Votes, p.Rating,
			p.NSFW, p.Hidden, p.Flagged, stampText(p.CreatedAt), stampText(p.UpdatedAt), id, wordText(p.Author, p.Title),
		}
		if at, twice := places[id]; twice {
			rows[at] = row
			continue
		}
		places[id] = len(rows)
		rows = append(rows, row)
	}
	err := s.Tx(ctx, func(ctx context.Context) error {
		return eachChunk(rows, func(chunk string) error { return s.putPosts(ctx, chunk) })
	})
	if err != nil {
		return fmt.Errorf("put posts: %w", err)
	}
	return nil
}

func (s *Store) putPosts(ctx context.Context, chunk string) error {
	const columns = "author, permlink, type, title, content, metadata, block, votes, rating, nsfw, hidden, flagged, created_at, updated_at, words"
	source := s.jsonRows(1, "author TEXT", "permlink TEXT", "type TEXT", "title TEXT", "content TEXT", "metadata TEXT",
		"block BIGINT", "votes BIGINT", "rating BIGINT", "nsfw BOOLEAN", "hidden BOOLEAN", "flagged BOOLEAN",
		s.stampColumn("created_at"), s.stampColumn("updated_at"), "space_id TEXT", "words TEXT")
	before, err := s.named(ctx, "SELECT id, space_id, author, title FROM posts WHERE space_id IN (SELECT space_id FROM "+source+")", chunk)
	if err != nil {
		return err
	}
	after, err := s.named(ctx, "INSERT INTO posts ("+columns+") SELECT "+columns+" FROM "+source+`
		WHERE true ON CONFLICT (space_id) DO UPDATE SET type = excluded.type, title = excluded.title, content = excluded.content,
			metadata = excluded.metadata, block = excluded.block, votes = excluded.votes, rating = excluded.rating,
			nsfw = excluded.nsfw, hidden = excluded.hidden, flagged = excluded.flagged,
			created_at = excluded.created_at, updated_at = excluded.updated_at, words = excluded.words
		RETURNING id, space_id, author, title`, chunk)
	if err != nil {
		return err
	}
	return s.reword(ctx, spaces.TypePost, before, after)
}

// HidePost takes a post out of every list and closes its space, or undoes
// that. CodeNotFound when there is no such post.
func (s *Store) HidePost(ctx context.Context, key spaces.Key, hidden bool) error {
	return s.markPost(ctx, "hidden", key, hidden)
}

// FlagPost does the same by the judgement of people.
func (s *Store) FlagPost(ctx context.Context, key spaces.Key, flagged bool) error {
	return s.markPost(ctx, "flagged", key, flagged)
}

func (s *Store) markPost(ctx context.Context, column string, key spaces.Key, on bool) error {
	changed, err := s.exec(ctx, "UPDATE posts SET "+column+" = $1 WHERE space_id = $2", on, key.ID)
	if err != nil {
		return fmt.Errorf("mark a post: %w", err)
	}
	if changed == 0 {
		return &spaces.Error{Code: spaces.CodeNotFound, Field: "post", Message: "there is no post " + key.ID}
	}
	return nil
}

// namedRow is what the words of a content are made of.
type namedRow struct {
	id      int64
	spaceID string
	owner   string
	title   string
}

func (s *Store) named(ctx context.Context, query string, args ...any) ([]*namedRow, error) {
	rows, err := s.db.Query(ctx, query, args...)
	return dbutil.NewRowIterWithError(rows, func(row dbutil.Scannable) (*namedRow, error) {
		var n namedRow
		err := row.Scan(&n.id, &n.spaceID, &n.owner, &n.title)
		return &n, err
	}, err).AsList()
}

// ClosedPosts returns the posts that are hidden or flagged, newest first, at
// most limit. It reads the whole table: it is for operators.
func (s *Store) ClosedPosts(ctx context.Context, limit int) ([]Post, error) {
	rows, err := s.db.Query(ctx, `SELECT author, permlink, type, title, votes, nsfw, hidden, flagged, created_at FROM posts
		WHERE hidden OR flagged ORDER BY created_at DESC, id DESC LIMIT $1`, limit)
	found, err := dbutil.NewRowIterWithError(rows, func(row dbutil.Scannable) (p Post, err error) {
		var created stamp
		err = row.Scan(&p.Author, &p.Permlink, &p.Kind, &p.Title, &p.Votes, &p.NSFW, &p.Hidden, &p.Flagged, &created)
		p.CreatedAt = created.time()
		return p, err
	}, err).AsList()
	if err != nil {
		return nil, fmt.Errorf("read the hidden posts: %w", err)
	}
	return found, nil
}

// AnalyzeContent tells PostgreSQL's planner how much there is after many posts
// came at once; it finds out by itself only minutes later, and reads whole
// tables until then. SQLite plans without.
func (s *Store) AnalyzeContent(ctx context.Context) error {
	if s.db.Dialect != dbutil.Postgres {
		return nil
	}
	for _, table := range []string{"posts", "collaboration_documents", "space_words"} {
		if _, err := s.exec(ctx, "ANALYZE "+table); err != nil {
			return fmt.Errorf("analyze %s: %w", table, err)
		}
	}
	return nil
}
