package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"presence/spaces"
	"presence/spaces/store"
)

// postCmd edits the posts and documents whose spaces people enter.
type postCmd struct {
	Add    postAddCmd    `cmd:"" help:"Add a post, or change it."`
	List   postListCmd   `cmd:"" help:"List posts, newest first."`
	Hide   postHideCmd   `cmd:"" help:"Take a post out of every list and close its space; --undo shows it again."`
	Flag   postFlagCmd   `cmd:"" help:"The same for a post that people complained about; --undo takes the flag away."`
	Import postImportCmd `cmd:"" help:"Bring posts and documents from a file of JSON lines; running it again changes what changed."`
}

type postAddCmd struct {
	Post    string `arg:"" help:"author/permlink."`
	Type    string `required:"" enum:"360,vrml,aframe,blog,art,game" help:"Kind of post: 360, vrml, aframe, blog, art or game."`
	Title   string `help:"Title. Default: the permlink."`
	Content string `help:"Text. Links to pictures and models are shown if MEDIA_ORIGINS allows their hosts."`
	NSFW    bool   `name:"nsfw" help:"Show it only to people who ask for it."`
}

// Run writes the post and says where its space is.
func (c *postAddCmd) Run(ctx context.Context, e *env) error {
	key, err := spaces.ParseKey(string(spaces.TypePost), c.Post, "")
	if err != nil {
		return fmt.Errorf("post not added: %w", err)
	}
	author, permlink := key.Owner()
	return e.withStore(ctx, func(s *store.Store) error {
		err := s.PutPosts(ctx, []store.Post{{
			Author: author, Permlink: permlink, Kind: spaces.Kind(c.Type), Title: c.Title, Content: c.Content, NSFW: c.NSFW, CreatedAt: time.Now(),
		}})
		if err != nil {
			return fmt.Errorf("post not added: %w", err)
		}
		return e.say("%s is a space now: /space/post/%s. Its admin is hive:%s.\n", c.Post, c.Post, author)
	})
}

type postListCmd struct {
	Search string `help:"Only posts whose title or author holds words that begin so."`
	Closed bool   `help:"Only hidden and flagged posts."`
	Limit  int    `default:"50" help:"At most so many."`
}

// Run prints one post a line.
func (c *postListCmd) Run(ctx context.Context, e *env) error {
	return e.withStore(ctx, func(s *store.Store) error {
		posts, err := c.posts(ctx, s)
		if err != nil {
			return err
		}
		if len(posts) == 0 {
			return e.say("No such post. Add one with: presence post add alice/my-room --type=360\n")
		}
		table := tabwriter.NewWriter(e.out, 0, 4, 2, ' ', 0)
		fmt.Fprintln(table, "POST\tTYPE\tVOTES\tCREATED\tMARKS\tTITLE")
		for _, p := range posts {
			fmt.Fprintf(table, "%s\t%s\t%d\t%s\t%s\t%s\n", p.Key().ID, p.Kind, p.Votes, p.CreatedAt.Format(time.DateOnly), marks(p), p.Title)
		}
		return table.Flush()
	})
}

func (c *postListCmd) posts(ctx context.Context, s *store.Store) ([]store.Post, error) {
	if c.Closed {
		return s.ClosedPosts(ctx, max(1, c.Limit))
	}
	listed, err := s.List(ctx, store.ListQuery{Type: spaces.TypePost, Search: c.Search, Sort: store.SortNew, NSFW: true, Limit: max(1, c.Limit), Now: time.Now()})
	posts := make([]store.Post, len(listed))
	for i, l := range listed {
		author, permlink := l.Space.Key.Owner()
		posts[i] = store.Post{Author: author, Permlink: permlink, Kind: l.Space.Kind, Title: l.Space.Title, Votes: l.Space.Votes, NSFW: l.Space.NSFW, CreatedAt: l.Space.CreatedAt}
	}
	return posts, err
}

func marks(p store.Post) string {
	var on []string
	for _, m := range []struct {
		on   bool
		name string
	}{{p.NSFW, "nsfw"}, {p.Hidden, "hidden"}, {p.Flagged, "flagged"}} {
		if m.on {
			on = append(on, m.name)
		}
	}
	return orDash(strings.Join(on, " "))
}

type postHideCmd struct {
	Post string `arg:"" help:"author/permlink."`
	Undo bool   `help:"Show it again."`
}

// Run hides the post or shows it again.
func (c *postHideCmd) Run(ctx context.Context, e *env) error {
	return e.markPost(ctx, c.Post, "hide", c.Undo, (*store.Store).HidePost)
}

type postFlagCmd struct {
	Post string `arg:"" help:"author/permlink."`
	Undo bool   `help:"Take the flag away."`
}

// Run flags the post or takes the flag away.
func (c *postFlagCmd) Run(ctx context.Context, e *env) error {
	return e.markPost(ctx, c.Post, "flag", c.Undo, (*store.Store).FlagPost)
}

func (e *env) markPost(ctx context.Context, id, action string, undo bool, mark func(*store.Store, context.Context, spaces.Key, bool) error) error {
	key, err := spaces.ParseKey(string(spaces.TypePost), id, "")
	if err != nil {
		return err
	}
	if undo {
		action = "un" + action
	}
	return e.withStore(ctx, func(s *store.Store) error {
		err := s.Tx(ctx, func(ctx context.Context) error {
			if err := mark(s, ctx, key, !undo); err != nil {
				return err
			}
			return s.Audit(ctx, store.AuditRow{At: time.Now(), Subject: operator, Action: action, Key: key})
		})
		if err != nil {
			return err
		}
		return e.say("%s: %s done. Gateways know it within seconds.\n", id, action)
	})
}

// operator is who acts at a terminal, in the audit log.
const operator = "operator"

type postImportCmd struct {
	File string `arg:"" help:"File of JSON objects, one a line: posts with author, permlink, type, title, content, created_at, ...; documents with creator, id or owner and permlink, is_public, permissions. - is the standard input."`
}

const (
	importBatch = 1000
	importLine  = 1 << 20 // bytes; Hive's own limit on a post is below
	importTell  = 2 * time.Second
)

// Run brings the lines in batches. A line that breaks a rule ends it; what came
// before stays, and running it again is harmless.
func (c *postImportCmd) Run(ctx context.Context, e *env) error {
	var in io.Reader = os.Stdin
	if c.File != "-" {
		file, err := os.Open(c.File) // #nosec G304 -- the operator's own file
		if err != nil {
			return fmt.Errorf("import: %w", err)
		}
		defer file.Close()
		in = file
	}
	return e.withStore(ctx, func(s *store.Store) error {
		i := &importer{store: s, told: time.Now(), tell: func(format string, args ...any) { fmt.Fprintf(e.hints, format, args...) }}
		if err := i.read(ctx, in); err != nil {
			return fmt.Errorf("import: line %d: %w\n%d posts and %d documents before it are in", i.line, err, i.posts, i.documents)
		}
		if err := s.AnalyzeContent(ctx); err != nil {
			return fmt.Errorf("import: %w", err)
		}
		return e.say("%d posts and %d documents are in; %d posts of other types were passed over.\n", i.posts, i.documents, i.skipped)
	})
}

// importer counts what it did.
type importer struct {
	store *store.Store
	tell  func(format string, args ...any)
	told  time.Time

	batch                           []store.Post
	line, posts, documents, skipped int
}

func (i *importer) read(ctx context.Context, in io.Reader) error {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, importLine)
	for lines.Scan() {
		i.line++
		if len(lines.Bytes()) == 0 {
			continue
		}
		if err := i.take(ctx, lines.Bytes()); err != nil {
			return err
		}
	}
	if err := lines.Err(); err != nil {
		return err
	}
	return i.flush(ctx)
}

func (i *importer) take(ctx context.Context, line []byte) error {
	if store.IsForeignKind(line) {
		i.skipped++
		return nil
	}
	post, document, err := store.ParseContent(line)
	switch {
	case err != nil:
		return err
	case document != nil:
		if _, err := i.store.PutDocument(ctx, *document); err != nil {
			return err
		}
		i.documents++
		return nil
	}
	if i.batch = append(i.batch, *post); len(i.batch) == importBatch {
		return i.flush(ctx)
	}
	return nil
}

func (i *importer) flush(ctx context.Context) error {
	if err := i.store.PutPosts(ctx, i.batch); err != nil {
		return err
	}
	i.posts += len(i.batch)
	i.batch = i.batch[:0]
	if time.Since(i.told) > importTell {
		i.told = time.Now()
		i.tell("%d posts, %d documents\n", i.posts, i.documents)
	}
	return nil
}
