package store

import (
	"context"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"presence/spaces"
)

const (
	maxWords = 12 // of one title and its author; the rest of a long title is not searched
	maxWord  = 32 // bytes; of longer words the beginning counts
)

// Words are what a content is found by: the words of its texts in lower case,
// in any script, each once. A word is letters, marks and digits.
func Words(texts ...string) []string {
	var words []string
	for _, text := range texts {
		for word := range strings.FieldsFuncSeq(strings.ToLower(text), func(r rune) bool {
			return !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.IsMark(r)
		}) {
			word = cutText(word, maxWord)
			if len(words) < maxWords && !slices.Contains(words, word) {
				words = append(words, word)
			}
		}
	}
	return words
}

// wordText is how the words stand in the row of their content.
func wordText(owner, title string) string { return " " + strings.Join(Words(owner, title), " ") }

// wordsEnd is greater than every word that begins with prefix.
func wordsEnd(prefix string) string { return prefix + string(utf8.MaxRune) }

// reword brings the words up to date with what was written.
func (s *Store) reword(ctx context.Context, t spaces.Type, before, after []*namedRow) error {
	old := make(map[int64]*namedRow, len(before))
	for _, row := range before {
		old[row.id] = row
	}
	var gone, come [][]any
	for _, row := range after {
		was, known := old[row.id]
		if known && was.title == row.title && was.owner == row.owner {
			continue
		}
		if known {
			gone = append(gone, wordRows(was)...)
		}
		come = append(come, wordRows(row)...)
	}
	columns := s.jsonRows(2, "word TEXT", "content_id BIGINT")
	err := eachChunk(gone, func(chunk string) error {
		_, err := s.exec(ctx, "DELETE FROM space_words WHERE space_type = $1 AND (word, content_id) IN (SELECT word, content_id FROM "+columns+")", t, chunk)
		return err
	})
	if err != nil {
		return err
	}
	return eachChunk(come, func(chunk string) error {
		_, err := s.exec(ctx, "INSERT INTO space_words (word, space_type, content_id) SELECT word, $1, content_id FROM "+columns+" WHERE true ON CONFLICT DO NOTHING", t, chunk)
		return err
	})
}

func wordRows(row *namedRow) [][]any {
	var rows [][]any
	for _, word := range Words(row.owner, row.title) {
		rows = append(rows, []any{word, row.id})
	}
	return rows
}
