package door

import (
	"context"
	"strings"

	"presence/spaces"
)

// room finds the space that a scene's room names; see the package for the two
// spellings. The error is a [spaces.Error] about the field "room".
func (d *Doors) room(ctx context.Context, v spaces.Viewer, name string) (spaces.Key, error) {
	if strings.Contains(name, ":") {
		key, err := spaces.ParseKeyText(name)
		if err != nil {
			return spaces.Key{}, unknownRoom()
		}
		return key, nil
	}
	var found []spaces.Key
	for _, key := range hyphenated(name) {
		_, err := d.cfg.Access.Check(ctx, v, key, spaces.ActSee, true)
		switch {
		case err == nil:
			found = append(found, key)
		case spaces.ErrorCode(err) != spaces.CodeNotFound:
			return spaces.Key{}, err
		}
	}
	if len(found) != 1 {
		return spaces.Key{}, unknownRoom()
	}
	return found[0], nil
}

func unknownRoom() error {
	return &spaces.Error{
		Code: spaces.CodeNotFound, Field: "room", Message: "there is no such room, or its name could mean several",
		Fix: "Name it type:id:subspace, for example post:alice/gallery:main or global:lobby",
	}
}

// maxReadings bounds how many spaces one hyphenated name makes us look for.
const maxReadings = 16

// hyphenated returns what "author-permlink-subspace" could mean: accounts and
// permlinks hold hyphens themselves, and subspaces begin with "main", the only
// one of the front end ("main-garden" is one below it).
func hyphenated(name string) []spaces.Key {
	var keys []spaces.Key
	for _, end := range cuts(name, "-main") {
		post, subspace := name[:end], name[end+1:]
		if subspace != spaces.MainSubspace && !strings.HasPrefix(subspace, spaces.MainSubspace+"-") {
			continue
		}
		for _, at := range cuts(post, "-") {
			key, err := spaces.ParseKey(string(spaces.TypePost), post[:at]+"/"+post[at+1:], subspace)
			if err == nil && len(keys) < maxReadings {
				keys = append(keys, key)
			}
		}
	}
	return keys
}

// cuts returns every place of sep in s.
func cuts(s, sep string) []int {
	var places []int
	for from := 0; ; {
		i := strings.Index(s[from:], sep)
		if i < 0 {
			return places
		}
		places = append(places, from+i)
		from += i + 1
	}
}
