package spaces

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxContent is how many code points a line may have, the first API's rule.
const MaxContent = 2000

// maxEmoji is how many code points a line of type emoji may have: a family of
// four is seven.
const maxEmoji = 64

// Content checks what somebody wants to write and returns it as it is stored:
// without the space around it, line ends as \n. Any script may be used, right
// to left too; marks and isolates of direction pass, because whoever shows a
// line isolates it anyway. Overrides of direction do not: they make a text read
// as what it does not say. The error is an [Error] of the field content or
// message_type.
func Content(t MessageType, content string) (string, error) {
	if t != MessageText && t != MessageEmoji {
		return "", Invalid("message_type", "must be text or emoji")
	}
	if !utf8.ValidString(content) {
		return "", Invalid("content", "must be valid UTF-8")
	}
	content = strings.TrimSpace(strings.ReplaceAll(content, "\r\n", "\n"))
	if n := utf8.RuneCountInString(content); n > MaxContent {
		return "", Invalid("content", "must have at most %d characters, got %d", MaxContent, n)
	}
	for _, r := range content {
		if err := checkRune(r); err != nil {
			return "", err
		}
	}
	if !strings.ContainsFunc(content, visible) {
		return "", Invalid("content", "must have 1 to %d characters that can be seen", MaxContent)
	}
	if t == MessageEmoji && (utf8.RuneCountInString(content) > maxEmoji || !onlyEmoji(strings.ReplaceAll(content, " ", ""))) {
		return "", Invalid("content", "of a message of type emoji must be emoji, at most %d", maxEmoji)
	}
	return content, nil
}

func checkRune(r rune) error {
	switch {
	case r == '\n' || r == '\t':
		return nil
	case unicode.Is(unicode.Cc, r):
		return Invalid("content", "must not contain control characters (U+%04X) other than line ends and tabs", r)
	case r == '\u202d' || r == '\u202e':
		return Invalid("content", "must not contain overrides of the text's direction (U+%04X)", r)
	}
	return nil
}

// visible leaves out what draws nothing although Unicode calls it a letter or a
// symbol.
func visible(r rune) bool {
	switch r {
	case '\u115f', '\u1160', '\u3164', '\uffa0', '\u2800', '\u034f', '\u17b4', '\u17b5':
		return false
	}
	return unicode.In(r, unicode.L, unicode.N, unicode.P, unicode.S)
}

// maxReaction is in bytes, the width of the first server's column.
const maxReaction = 50

// Reacted checks a reaction: one emoji or one short word. The error is an
// [Error] of the field reaction.
func Reacted(reaction string) error {
	if reaction == "" || len(reaction) > maxReaction || !utf8.ValidString(reaction) {
		return Invalid("reaction", "must be an emoji or a word of at most %d bytes", maxReaction)
	}
	if !oneWord(reaction) && !onlyEmoji(reaction) {
		return Invalid("reaction", "must be an emoji, or a word of letters, digits, _, + and -")
	}
	return nil
}

func oneWord(s string) bool {
	for i, r := range s {
		joined := i > 0 && unicode.Is(unicode.M, r)
		if !unicode.In(r, unicode.L, unicode.N) && !joined && r != '_' && r != '+' && r != '-' {
			return false
		}
	}
	return strings.ContainsFunc(s, visible)
}

// onlyEmoji reports whether s is made of what emoji are made of: symbols, the
// few punctuation marks among them, what changes or joins them, and the digits
// of keycaps.
func onlyEmoji(s string) bool {
	drawn := false
	for _, r := range s {
		switch {
		case unicode.In(r, unicode.So, unicode.Sm, unicode.Sk) && r > 0x7f, r == '‼', r == '⁉', r == '〰', r == '\u20e3':
			drawn = true
		case r >= '0' && r <= '9', r == '#', r == '*', r == '\u200d', r >= '\ufe0e' && r <= '\ufe0f', r >= 0xe0020 && r <= 0xe007f:
		default:
			return false
		}
	}
	return drawn
}

// ValidClientID reports whether s may name a line: 1 to 64 visible ASCII
// characters.
func ValidClientID(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return s != "" && len(s) <= 64
}
