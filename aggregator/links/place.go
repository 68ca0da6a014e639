package links

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"sort"
	"strconv"

	"go.yaml.in/yaml/v3"

	"presence/spaces"
)

// lineReader gives the YAML library one line at a time, so that when it stops,
// the last line it took is where the trouble is: its own line is that of the
// list or mapping around it, often the first of the file.
type lineReader struct {
	rest  []byte
	taken int  // lines
	ended bool // the library asked for more than there is
}

// Read gives the next line, or as much of it as fits.
func (r *lineReader) Read(into []byte) (int, error) {
	if len(r.rest) == 0 {
		r.ended = true
		return 0, io.EOF
	}
	end := bytes.IndexByte(r.rest, '\n') + 1
	if end == 0 {
		end = len(r.rest)
	}
	n := copy(into, r.rest[:end])
	r.rest = r.rest[n:]
	if n == end {
		r.taken++
	}
	return n, nil
}

var libraryWords = regexp.MustCompile(`^yaml: line (\d+): (did not find expected .*)`)

// place puts a better line into those errors of the library that carry the
// line before the list, mapping or bracket around the trouble. At the end of
// the file a bracket was left open, and that is where to look.
func (r *lineReader) place(err error) error {
	words := libraryWords.FindStringSubmatch(err.Error())
	if words == nil {
		return err
	}
	line := r.taken
	if before, err := strconv.Atoi(words[1]); err == nil && r.ended {
		line = min(before+1, r.taken)
	}
	return fmt.Errorf("near line %d: %s", line, words[2])
}

// The lines of faults between rooms are searched for in cities and numbers in
// which that takes less than a second.
const (
	maxSearched = 2000
	maxLocated  = 20
)

// agree faults rooms that contradict one another, at the line of the later one.
// links are those of rooms, in the same order.
func (p *yamlParser) agree(rooms []*yaml.Node, links []spaces.Link) {
	for n, fault := range spaces.CheckLinks(links) {
		e, ok := errors.AsType[*spaces.Error](fault)
		if !ok || n >= maxLocated || len(links) > maxSearched {
			p.faults = append(p.faults, fault)
			continue
		}
		// Faults come in the order of the links, so the room of the n-th is the
		// first with which there are more than n.
		at := sort.Search(len(links), func(i int) bool { return len(spaces.CheckLinks(links[:i+1])) > n })
		p.fault(fieldNode(rooms[at], e.Field), e.Field, "%s", e.Message)
	}
}
