package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.mau.fi/util/dbutil"

	"presence/spaces"
)

// Sort is the order of a list of spaces.
type Sort string

// The closed set of orders. In each the lobby is before what is equal to it.
const (
	SortNew   Sort = "new"   // newest first
	SortVotes Sort = "votes" // most votes first, then newest
	SortLife  Sort = "life"  // most people inside first, then newest
)

const (
	// liveFor is how long a session counts without a sign of life, as in the
	// sessions' own table.
	liveFor = sessionLife
	// maxMatches bounds what a search looks at for each word: the price of one
	// that fits everything is the same as of one that fits five thousand.
	maxMatches     = 5_000
	maxSearchWords = 4
	// pinned is before everything in each order.
	pinned = 1 << 62
)

// pinnedAt is later than everything, and ageless earlier.
var (
	pinnedAt = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)
	ageless  = time.Unix(0, 0).UTC()
)

// ListQuery asks for a page of spaces.
type ListQuery struct {
	Type    spaces.Type // empty: all types
	Kind    spaces.Kind // empty: all kinds
	Search  string      // words of title or author, each from its beginning; all must fit
	Sort    Sort
	NSFW    bool           // also what is not safe for work
	Limit   int            // at least 1
	Offset  int            // leave out so many; costs as much as reading them
	After   *Mark          // nil: from the beginning
	Rooms   []spaces.Space // spaces that are no content: the lobby and the city rooms the viewer may know
	Subject string         // of the viewer, whose own private documents are part of the list
	Now     time.Time
}

// Mark is where a page ended.
type Mark struct {
	Score int64
	At    time.Time
	Arm   int
	ID    int64
}

// Listed is a space of a page.
type Listed struct {
	Space  spaces.Space // without content and settings but MaxUsers
	People int          // sessions inside, all subspaces
	Mark   Mark
}

// The arms of the list: what comes from where, and the order among equals.
const (
	armRooms = iota
	armPosts
	armNSFW
	armShared // private documents of the viewer
	armDocuments
)

// List returns one page in one query, whose cost depends on the page and not on
// how much content there is: each arm walks the index of its order and stops.
// People come and go between two pages, so that a list by life may show
// somebody twice or not at all.
func (s *Store) List(ctx context.Context, q ListQuery) ([]Listed, error) {
	query, args, err := s.listQuery(q)
	if err != nil {
		return nil, err
	}
	rows, err := s.db.Query(ctx, query, args...)
	found, err := dbutil.NewRowIterWithError(rows, scanListed, err).AsList()
	if err != nil {
		return nil, fmt.Errorf("list the spaces: %w", err)
	}
	return found, nil
}

func scanListed(row dbutil.Scannable) (l Listed, err error) {
	var at, created, updated stamp
	var owner string
	p := &l.Space
	err = row.Scan(&l.Mark.Arm, &l.Mark.Score, &at, &l.Mark.ID, &p.Key.Type, &p.Key.ID, &p.Kind, &p.Title, &p.Description,
		&owner, &p.Votes, &p.Rating, &p.NSFW, &p.Public, &created, &updated, &l.People, &p.Settings.MaxUsers)
	l.Mark.At, p.CreatedAt, p.UpdatedAt = at.time(), created.time(), updated.time()
	p.Key.Subspace, p.Owner = spaces.MainSubspace, HiveSubject(owner)
	p.Description = cutText(p.Description, MaxDescription)
	if p.Settings.MaxUsers == 0 {
		p.Settings = spaces.DefaultSettings(p.Key.Type)
	}
	if l.Mark.Arm == armRooms { // nobody knows since when they are there
		p.CreatedAt, p.UpdatedAt = time.Time{}, time.Time{}
	}
	return l, err
}

// lister builds the statement: arguments are numbered as they come.
type lister struct {
	s    *Store
	q    ListQuery
	args []any
	with []string // common tables
	arms []string

	words []string
}

func (b *lister) arg(value any) string {
	b.args = append(b.args, value)
	return fmt.Sprintf("$%d", len(b.args))
}

func (s *Store) listQuery(q ListQuery) (string, []any, error) {
	b := &lister{s: s, q: q, words: searchWords(q.Search)}
	b.with = append(b.with, `live AS MATERIALIZED (SELECT space_type, space_id, COUNT(*) AS people FROM presence_sessions
		WHERE last_activity > `+b.arg(stamp(q.Now.Add(-liveFor)))+` GROUP BY space_type, space_id)`)
	b.matches()
	if err := b.rooms(); err != nil {
		return "", nil, err
	}
	b.posts(armPosts, "NOT nsfw")
	if q.NSFW {
		b.posts(armNSFW, "nsfw")
	}
	b.documents()
	const order = "score DESC, at DESC, arm, id DESC"
	query := "WITH " + strings.Join(b.with, ", ") + `
		SELECT page.arm, page.score, page.at, page.id, page.space_type, page.space_id, page.kind, page.title, page.description, page.owner, page.votes,
			page.rating, page.nsfw, page.is_public, page.created_at, page.updated_at, COALESCE(l.people, 0), COALESCE(s.max_users, 0)
		FROM (SELECT * FROM (` + strings.Join(b.arms, "\nUNION ALL ") + `) AS arms ORDER BY ` + order + `
			LIMIT ` + b.arg(q.Limit) + ` OFFSET ` + b.arg(q.Offset) + `) AS page
		LEFT JOIN live l ON l.space_type = page.space_type AND l.space_id = page.space_id
		LEFT JOIN presence_space_settings s ON s.space_type = page.space_type AND s.space_id = page.space_id
		ORDER BY page.` + strings.ReplaceAll(order, ", ", ", page.")
	return query, b.args, nil
}

// searchWords are the longest words of a search, which fit the fewest contents.
func searchWords(text string) []string {
	words := Words(text)
	slices.SortStableFunc(words, func(a, b string) int { return len(b) - len(a) })
	return words[:min(len(words), maxSearchWords)]
}

// matches are contents that a word of the search fits, at most maxMatches for
// each word. Those that all words fit are among them as long as one of the
// words fits no more than that.
func (b *lister) matches() {
	if len(b.words) == 0 {
		return
	}
	for _, t := range []spaces.Type{spaces.TypePost, spaces.TypeDocument} {
		var fits []string
		for i, word := range b.words {
			fits = append(fits, fmt.Sprintf(`SELECT content_id FROM (SELECT content_id FROM space_words
				WHERE space_type = %s AND word >= %s AND word < %s ORDER BY word, content_id DESC LIMIT %d) AS w%d`,
				b.arg(string(t)), b.arg(word), b.arg(wordsEnd(word)), maxMatches, i))
		}
		b.with = append(b.with, string(t)+"_matches AS MATERIALIZED ("+strings.Join(fits, " UNION ")+")")
	}
}

// fitAll is the condition that all words fit a row. Words hold no sign that
// LIKE would take for more than itself.
func (b *lister) fitAll(table string) string {
	if len(b.words) == 0 {
		return ""
	}
	where := []string{"", table + ".id = m.content_id"}
	for _, word := range b.words {
		where = append(where, table+".words LIKE "+b.arg("% "+word+"%"))
	}
	return strings.Join(where, " AND ")
}

// after is the condition that a row of an arm comes after the mark, in terms of
// the arm's own columns; columns end with at and id. score is the arm's fixed
// score, when it has one.
func (b *lister) after(arm int, score, at, id string) string {
	m := b.q.After
	if m == nil {
		return ""
	}
	last := m.ID
	switch { // among equals an earlier arm is over, and a later one still to come
	case arm < m.Arm:
		last = -1
	case arm > m.Arm:
		last = pinned
	}
	if score == "0" {
		switch {
		case m.Score > 0: // none of this arm was shown yet
			return ""
		case m.Score < 0: // all of it was
			return " AND FALSE"
		}
		return fmt.Sprintf(" AND (%s, %s) < (%s, %s)", at, id, b.arg(stamp(m.At)), b.arg(last))
	}
	return fmt.Sprintf(" AND (%s, %s, %s) < (%s, %s, %s)", score, at, id, b.arg(m.Score), b.arg(stamp(m.At)), b.arg(last))
}

// add adds an arm: at most a page of rows in its own order. A search is fenced:
// its matches are joined first and sorted then, because a planner that walks an
// index for the few that fit would walk all of it.
func (b *lister) add(columns, from, score, at, id string) {
	if len(b.words) > 0 {
		b.arms = append(b.arms, "SELECT "+columns+from)
		return
	}
	order := at + " DESC, " + id + " DESC"
	if score != "0" {
		order = score + " DESC, " + order
	}
	b.arms = append(b.arms, fmt.Sprintf("SELECT * FROM (SELECT %s%s ORDER BY %s LIMIT %s) AS arm%d",
		columns, from, order, b.arg(b.q.Limit+b.q.Offset), len(b.arms)))
}

func (b *lister) posts(arm int, nsfw string) {
	q := b.q
	isPost := q.Kind == "" || slices.Contains(spaces.PostKinds, q.Kind)
	if q.Type != "" && q.Type != spaces.TypePost || !isPost {
		return
	}
	where := " WHERE NOT p.hidden AND NOT p.flagged AND " + strings.Replace(nsfw, "nsfw", "p.nsfw", 1)
	if q.Kind != "" {
		where += " AND p.type = " + b.arg(string(q.Kind))
	}
	columns := func(score string) string {
		return fmt.Sprintf(`%d AS arm, %s AS score, p.created_at AS at, p.id AS id, 'post' AS space_type, p.space_id AS space_id, p.type AS kind, p.title AS title,
			substr(p.content, 1, %d) AS description, p.author AS owner, p.votes AS votes, p.rating AS rating, p.nsfw AS nsfw, TRUE AS is_public,
			p.created_at AS created_at, p.updated_at AS updated_at`, arm, score, MaxDescription)
	}
	from := b.found(spaces.TypePost, "posts p")
	b.ordered(arm, spaces.TypePost, "p", columns, from, where, "p.votes", "p.created_at")
}

func (b *lister) documents() {
	q := b.q
	if q.Type != "" && q.Type != spaces.TypeDocument || q.Kind != "" && q.Kind != spaces.KindDocument {
		return
	}
	columns := func(arm int) func(string) string {
		return func(score string) string {
			return fmt.Sprintf(`%d AS arm, %s AS score, d.updated_at AS at, d.id AS id, 'document' AS space_type, d.space_id AS space_id, 'document' AS kind, d.title AS title,
				substr(d.content, 1, %d) AS description, d.creator AS owner, 0 AS votes, 0 AS rating, FALSE AS nsfw, d.is_public AS is_public,
				d.created_at AS created_at, d.updated_at AS updated_at`, arm, score, MaxDescription)
		}
	}
	from := b.found(spaces.TypeDocument, "collaboration_documents d")
	b.ordered(armDocuments, spaces.TypeDocument, "d", columns(armDocuments), from, " WHERE d.is_public", "0", "d.updated_at")
	if q.Subject == "" || strings.HasPrefix(q.Subject, "guest:") {
		return
	}
	account, isHive := strings.CutPrefix(q.Subject, hivePrefix)
	if !isHive {
		account = ""
	}
	mine := " WHERE NOT d.is_public AND d.space_id IN (SELECT space_id FROM collaboration_documents WHERE creator = " + b.arg(account) + `
		UNION SELECT o.space_id FROM collaboration_permissions p JOIN collaboration_documents o ON o.id = p.document_id WHERE p.user_account = ` + b.arg(account) + `
		UNION SELECT space_id FROM presence_permissions WHERE subject = ` + b.arg(q.Subject) + ` AND space_type = 'document'
			AND (expires_at IS NULL OR expires_at > ` + b.arg(stamp(q.Now)) + "))"
	b.ordered(armShared, spaces.TypeDocument, "d", columns(armShared), from, mine, "0", "d.updated_at")
}

// found is where an arm reads: the table itself, or the table for the matches.
func (b *lister) found(t spaces.Type, table string) string {
	if len(b.words) == 0 {
		return " FROM " + table
	}
	return " FROM " + string(t) + "_matches m CROSS JOIN " + table // in this order on SQLite
}

// ordered adds an arm in the order asked for. By life there are two, so that each
// walks an index: spaces with people, which the sessions name, and the others.
func (b *lister) ordered(arm int, t spaces.Type, table string, columns func(score string) string, from, where, votes, at string) {
	id := table + ".id"
	where += b.fitAll(table)
	alive := "l.space_type = '" + string(t) + "' AND l.space_id = " + table + ".space_id"
	switch {
	case b.q.Sort == SortVotes:
		b.add(columns(votes), from+where+b.after(arm, votes, at, id), votes, at, id)
	case b.q.Sort == SortLife && len(b.words) > 0:
		const people = "COALESCE(l.people, 0)"
		b.add(columns(people), from+" LEFT JOIN live l ON "+alive+where+b.after(arm, people, at, id), people, at, id)
	case b.q.Sort == SortLife:
		living := " FROM live l CROSS JOIN" + strings.TrimPrefix(from, " FROM") + where + " AND " + alive // in this order on SQLite
		b.add(columns("l.people"), living+b.after(arm, "l.people", at, id), "l.people", at, id)
		where += " AND NOT EXISTS (SELECT 1 FROM live l WHERE " + alive + ")"
		fallthrough
	default:
		b.add(columns("0"), from+where+b.after(arm, "0", at, id), "0", at, id)
	}
}

// rooms adds what is no content. The caller knows it all, so it travels as one
// argument.
func (b *lister) rooms() error {
	q := b.q
	rows := [][]any{}
	for i, r := range q.Rooms {
		if q.Type != "" && q.Type != r.Key.Type || q.Kind != "" && q.Kind != r.Kind || !b.fits(r) {
			continue
		}
		at, votes := ageless, int64(0)
		if r.Key.Type == spaces.TypeGlobal {
			at, votes = pinnedAt, pinned
		}
		rows = append(rows, []any{len(q.Rooms) - i, r.Key.Type, r.Key.ID, r.Kind, r.Title, r.Description, votes, r.NSFW, r.Public, stampText(at)})
	}
	text, err := encodeRows(rows)
	if err != nil {
		return err
	}
	score := "0"
	switch q.Sort {
	case SortVotes:
		score = "r.votes"
	case SortLife:
		score = "COALESCE(l.people, 0)"
	case SortNew:
	}
	source := b.s.jsonRows(len(b.args)+1, "id BIGINT", "space_type TEXT", "space_id TEXT", "kind TEXT", "title TEXT", "description TEXT",
		"votes BIGINT", "nsfw BOOLEAN", "is_public BOOLEAN", b.s.stampColumn("at"))
	b.arg(text)
	b.arms = append(b.arms, fmt.Sprintf(`SELECT %d AS arm, %s AS score, r.at AS at, r.id AS id, r.space_type AS space_type, r.space_id AS space_id, r.kind AS kind, r.title AS title,
		r.description AS description, '' AS owner, 0 AS votes, 0 AS rating, r.nsfw AS nsfw, r.is_public AS is_public, r.at AS created_at, r.at AS updated_at
		FROM %s LEFT JOIN live l ON l.space_type = r.space_type AND l.space_id = r.space_id WHERE TRUE`, armRooms, score, source)+
		b.roomsAfter(score))
	return nil
}

// roomsAfter compares the whole mark, whatever the order.
func (b *lister) roomsAfter(score string) string {
	m := b.q.After
	if m == nil {
		return ""
	}
	last := m.ID
	if m.Arm > armRooms {
		last = -1
	}
	if score == "0" {
		return fmt.Sprintf(" AND (r.at, r.id) < (%s, %s)", b.arg(stamp(m.At)), b.arg(last))
	}
	return fmt.Sprintf(" AND (%s, r.at, r.id) < (%s, %s, %s)", score, b.arg(m.Score), b.arg(stamp(m.At)), b.arg(last))
}

// fits reports whether every word searched for begins a word of the room.
func (b *lister) fits(r spaces.Space) bool {
	words := Words(r.Title, r.Key.ID, string(r.Kind))
	for _, wanted := range b.words {
		if !slices.ContainsFunc(words, func(w string) bool { return strings.HasPrefix(w, wanted) }) {
			return false
		}
	}
	return true
}
