package spaces

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxMentions bounds how many people one line can call; further ones are plain
// text.
const maxMentions = 20

// Mentions finds who is named in a line, as [Account] spells them: @alice is a
// Hive account, @alice:example.org a Matrix user. Each is named once, in the
// order of the text; never nil. An address (me@alice.org) names nobody.
func Mentions(content string) []string {
	found := []string{}
	for at := 0; len(found) < maxMentions; {
		i := strings.IndexByte(content[at:], '@')
		if i < 0 {
			break
		}
		i += at
		at = i + 1
		before, _ := utf8.DecodeLastRuneInString(content[:i])
		if i > 0 && (unicode.In(before, unicode.L, unicode.N) || strings.ContainsRune("_.-@/+", before)) {
			continue
		}
		if name := mention(content[at:]); name != "" && !slices.Contains(found, name) {
			found = append(found, name)
		}
	}
	return found
}

// mention is who is named by the text after an @; empty when nobody is.
func mention(text string) string {
	local := prefix(text, localChar)
	if rest := text[len(local):]; strings.HasPrefix(rest, ":") && local != "" {
		if server := server(rest[1:]); server != "" && len(local)+len(server) <= 253 {
			return "@" + local + ":" + server
		}
	}
	account := strings.ToLower(strings.TrimRight(prefix(local, accountChar), ".-"))
	if ValidHiveAccount(account) {
		return account
	}
	return ""
}

// server is the name of a Matrix server at the beginning of text: a host, or an
// address in brackets, and perhaps a port.
func server(text string) string {
	host := strings.TrimRight(prefix(text, hostChar), ".-")
	if strings.HasPrefix(text, "[") {
		end := strings.IndexByte(text, ']')
		if end < 0 || prefix(text[1:end], addressChar) != text[1:end] || end == 1 {
			return ""
		}
		host = text[:end+1]
	}
	if host == "" {
		return ""
	}
	if rest := text[len(host):]; strings.HasPrefix(rest, ":") {
		if port := prefix(rest[1:], digit); port != "" && len(port) <= 5 {
			return host + ":" + port
		}
	}
	return host
}

func prefix(text string, allowed func(c byte) bool) string {
	for i := range len(text) {
		if !allowed(text[i]) {
			return text[:i]
		}
	}
	return text
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

func letter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

func accountChar(c byte) bool { return letter(c) || digit(c) || c == '.' || c == '-' }

func localChar(c byte) bool { return accountChar(c) || c == '_' || c == '=' || c == '/' || c == '+' }

func hostChar(c byte) bool { return letter(c) || digit(c) || c == '.' || c == '-' }

func addressChar(c byte) bool {
	return digit(c) || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F' || c == ':' || c == '.'
}
