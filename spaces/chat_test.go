package spaces_test

import (
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"presence/spaces"
)

func TestContent(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, want string }{
		{"hello", "hello"},
		{"  two\r\nlines\t \n", "two\nlines"},
		{"שלום, עולם!", "שלום, עולם!"},
		{"مرحبا \u200fABC\u200e \u2067x\u2069", "مرحبا \u200fABC\u200e \u2067x\u2069"},
		{"\u202bnested\u202c", "\u202bnested\u202c"}, // embeddings come with copied text
		{"👩🏽‍🚀 🏳️‍🌈", "👩🏽‍🚀 🏳️‍🌈"},
		{"हिन्दी ไทย 漢字", "हिन्दी ไทย 漢字"},
		{"@", "@"},
		{strings.Repeat("é", spaces.MaxContent), strings.Repeat("é", spaces.MaxContent)},
		{" " + strings.Repeat("🚀", spaces.MaxContent) + " ", strings.Repeat("🚀", spaces.MaxContent)},
	} {
		if got, err := spaces.Content(spaces.MessageText, c.in); err != nil || got != c.want {
			t.Errorf("%.40q: got %.40q %v", c.in, got, err)
		}
	}
	for in, rule := range map[string]string{
		"":                   "1 to 2000",
		" \n\t ":             "1 to 2000",
		"\u200b\u200d\ufeff": "can be seen",
		"\u3164":             "can be seen",
		strings.Repeat("é", spaces.MaxContent+1): "at most 2000 characters, got 2001",
		"a\x00b":             "control characters (U+0000)",
		"a\x1b[31mb":         "control characters (U+001B)",
		"a\rb":               "control characters (U+000D)",
		"a\u0085b":           "control characters (U+0085)",
		"photo\u202egpj.exe": "overrides of the text's direction (U+202E)",
		"\xff\xfe":           "UTF-8",
		strings.Repeat("a\u0301", spaces.MaxContent): "at most",
	} {
		_, err := spaces.Content(spaces.MessageText, in)
		if spaces.ErrorCode(err) != spaces.CodeInvalid || !strings.Contains(err.Error(), rule) || !strings.HasPrefix(err.Error(), "content: ") {
			t.Errorf("%.40q: got %v, want it to say %q", in, err, rule)
		}
	}
}

func TestContentTypes(t *testing.T) {
	t.Parallel()
	for in, good := range map[string]bool{"👍": true, "👍 👍🏿": true, "❤️": true, "3️⃣": true, "🏴󠁧󠁢󠁥󠁮󠁧󠁿": true, "🇺🇦": true, "‼️": true, "hi 👍": false, "3": false, "<": false, "+": false} {
		if _, err := spaces.Content(spaces.MessageEmoji, in); (err == nil) != good {
			t.Errorf("%q as emoji: %v", in, err)
		}
	}
	for _, kind := range []spaces.MessageType{spaces.MessageSystem, spaces.MessageVoice, "", "html"} {
		if _, err := spaces.Content(kind, "hello"); err == nil || !strings.HasPrefix(err.Error(), "message_type: ") {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

func TestReacted(t *testing.T) {
	t.Parallel()
	for in, good := range map[string]bool{
		"👍": true, "👩🏽‍🚀": true, "+1": true, "lol": true, "да": true, "हिन्दी": true, "❤️": true, "1": true,
		"": false, "two words": false, "<b>": false, "a\x00": false, "\u202ea": false, "\u200d": false, "-": true, "\xff": false,
		strings.Repeat("a", 50): true, strings.Repeat("a", 51): false, strings.Repeat("👍", 13): false, "\u0301": false,
	} {
		if err := spaces.Reacted(in); (err == nil) != good {
			t.Errorf("%q: %v", in, err)
		}
	}
}

func TestMentions(t *testing.T) {
	t.Parallel()
	for in, want := range map[string][]string{
		"":                               {},
		"@alice":                         {"alice"},
		"hi @alice, @bob-smith.":         {"alice", "bob-smith"},
		"(@Alice)":                       {"alice"},
		"@alice: hello":                  {"alice"},
		"@alice:example.org: hello":      {"@alice:example.org"},
		"@a_B=c/d+e:example.org:8448.":   {"@a_B=c/d+e:example.org:8448"},
		"@x:[::1]:80 and @y:10.0.0.1":    {"@x:[::1]:80", "@y:10.0.0.1"},
		"me@alice.org @@bob http://a/@c": {},
		"שלום @alice\u200f!":             {"alice"},
		"@alice @alice @al":              {"alice"},
		"@dlux.iov... and @x":            {"dlux.iov"},
		"@ @: @:x @[":                    {},
	} {
		if got := spaces.Mentions(in); !slices.Equal(got, want) || got == nil {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
	var crowd strings.Builder
	for c := 'a'; c <= 'z'; c++ {
		crowd.WriteString("@user" + string(c) + " ")
	}
	if got := spaces.Mentions(crowd.String()); len(got) != 20 {
		t.Errorf("%d mentions", len(got))
	}
}

func FuzzMentions(f *testing.F) {
	f.Add("hi @alice, @bob:example.org:8448 and @x:[::1]")
	f.Add("@@@:::[[]]")
	f.Fuzz(func(t *testing.T, content string) {
		for _, name := range spaces.Mentions(content) {
			bare, matrix := strings.CutPrefix(name, "@")
			if !matrix && !spaces.ValidHiveAccount(name) || matrix && !strings.Contains(bare, ":") {
				t.Errorf("%q names %q", content, name)
			}
			if !strings.Contains(strings.ToLower(content), strings.ToLower("@"+bare)) {
				t.Errorf("%q does not hold %q", content, name)
			}
		}
	})
}

func FuzzContent(f *testing.F) {
	for _, seed := range []string{"hello", "שלום\u202e", "a\x00", "\xff", "👩🏽‍🚀", "\r\n \r"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, content string) {
		got, err := spaces.Content(spaces.MessageText, content)
		if err != nil {
			if spaces.ErrorCode(err) != spaces.CodeInvalid {
				t.Errorf("%q: %v", content, err)
			}
			return
		}
		if n := utf8.RuneCountInString(got); !utf8.ValidString(got) || n == 0 || n > spaces.MaxContent {
			t.Errorf("%q passed as %q", content, got)
		}
		if strings.ContainsFunc(got, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }) {
			t.Errorf("%q passed with a control character", content)
		}
		if again, err := spaces.Content(spaces.MessageText, got); err != nil || again != got {
			t.Errorf("%q becomes %q the second time: %v", got, again, err)
		}
	})
}

func FuzzReacted(f *testing.F) {
	f.Add("👍")
	f.Add("+1")
	f.Fuzz(func(t *testing.T, reaction string) {
		if spaces.Reacted(reaction) == nil && (len(reaction) > 50 || strings.ContainsAny(reaction, " \x00<>&\"'\n") || !utf8.ValidString(reaction)) {
			t.Errorf("%q passed", reaction)
		}
	})
}
