package main

import (
	"flag"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
)

// update rewrites the tables of docs/bad-input.md from what the program answers.
var update = flag.Bool("update", false, "rewrite docs/bad-input.md")

// row is a line of docs/bad-input.md.
type row struct {
	group, tried, answer string
	index                int
}

// note adds a line to the table of a group.
func (s *siege) note(group string, index int, tried, answer string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rows = append(s.rows, row{group: group, index: index, tried: tried, answer: answer})
}

// pages guards docs/bad-input.md while it is rewritten.
var pages sync.Mutex

// documented compares docs/bad-input.md with what the program answered.
func (s *siege) documented(t *testing.T) {
	t.Helper()
	if strings.Contains(flag.Lookup("test.run").Value.String(), "/") {
		return // only a part was tried
	}
	const page = "docs/bad-input.md"
	pages.Lock()
	defer pages.Unlock()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	is := string(text)
	for _, group := range s.groups() {
		before, rest, found := strings.Cut(is, "<!-- "+group+" -->\n")
		_, after, ended := strings.Cut(rest, "<!-- end -->")
		if !found || !ended {
			t.Fatalf("%s has no table for %q", page, group)
		}
		is = before + "<!-- " + group + " -->\n" + s.table(group) + "<!-- end -->" + after
	}
	if is == string(text) {
		return
	}
	if !*update {
		t.Errorf("%s is not what the program answers; rewrite it with: go test -run Hostile . -update\n%s", page, is)
		return
	}
	if err := os.WriteFile(page, []byte(is), 0o644); err != nil {
		t.Fatal(err)
	}
}

func (s *siege) groups() (names []string) {
	for _, r := range s.rows {
		if !slices.Contains(names, r.group) {
			names = append(names, r.group)
		}
	}
	return names
}

func (s *siege) table(group string) string {
	rows := slices.DeleteFunc(slices.Clone(s.rows), func(r row) bool { return r.group != group })
	slices.SortFunc(rows, func(a, b row) int { return a.index - b.index })
	text := "| tried | answer |\n|---|---|\n"
	for _, r := range rows {
		text += "| " + cell(r.tried) + " | " + cell(r.answer) + " |\n"
	}
	return text
}

func cell(text string) string {
	return strings.NewReplacer("|", `\|`, "<", "&lt;", "\n", " ").Replace(text)
}
