package api

import (
	"encoding/json"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	"presence/gateway/conn"
	"presence/spaces"
)

// environment is what people stand in, as the page draws it.
type environment struct {
	Preset   string   `json:"preset" enum:"sky360,model,scene,study,gallery,arena,desk,lobby,plaza"`
	Sky      string   `json:"sky" doc:"Picture around everybody; empty: the colours hold. Only from hosts the operator allows, or a path on this one"`
	Model    string   `json:"model" doc:"glTF model to show; empty: none. Only from hosts the operator allows"`
	Links    []string `json:"links" nullable:"false" doc:"Other https addresses that the text names, and paths on this host. To show as links; of a gallery, pictures from hosts the operator allows may hang in it"`
	Ground   string   `json:"ground" doc:"#rrggbb"`
	SkyColor string   `json:"sky_color" doc:"#rrggbb"`
}

// presets by kind: the name, the ground and the sky.
var presets = map[spaces.Kind][3]string{
	spaces.Kind360:      {"sky360", "#2b2f36", "#8fb7d9"},
	spaces.KindVRML:     {"model", "#3d4437", "#c9d6df"},
	spaces.KindAFrame:   {"scene", "#3d4437", "#a7d0ef"},
	spaces.KindBlog:     {"study", "#5b4a3a", "#efe6d5"},
	spaces.KindArt:      {"gallery", "#d9d6d0", "#f6f4f0"},
	spaces.KindGame:     {"arena", "#31424f", "#1d2733"},
	spaces.KindDocument: {"desk", "#4a4f57", "#e4e8ee"},
	spaces.KindLobby:    {"lobby", "#4d6b57", "#b9dcf2"},
	spaces.KindCity:     {"plaza", "#6b6f76", "#cfe3f0"},
}

// maxLinks bounds what a text may put beside a space.
const maxLinks = 12

// ourPictures is where the program serves pictures of its own, which a post may
// declare by their path.
const ourPictures = "/assets/"

var addresses = regexp.MustCompile(`https://[^\s"'<>()\[\]{}\\^|` + "`" + `]{1,500}`)

var photos = []string{".jpg", ".jpeg", ".png", ".webp"}

// newEnvironment reads a space's own pictures out of what came with it. The
// text is somebody's: nothing of it is loaded from a host that the operator did
// not allow.
func newEnvironment(s spaces.Space, media conn.Origins) environment {
	preset := presets[s.Kind]
	e := environment{Preset: preset[0], Ground: preset[1], SkyColor: preset[2], Links: []string{}}
	for _, link := range links(s) {
		kind := strings.ToLower(path.Ext(link.Path))
		isOurs := link.Host == ""
		allowed := isOurs || media.Allow(link.Scheme+"://"+link.Host)
		text := link.String()
		switch {
		case allowed && e.Sky == "" && s.Kind == spaces.Kind360 && (slices.Contains(photos, kind) || isOurs && kind == ".svg"):
			e.Sky = text
		case allowed && e.Model == "" && (kind == ".glb" || kind == ".gltf"):
			e.Model = text
		case len(e.Links) < maxLinks && !slices.Contains(e.Links, text):
			e.Links = append(e.Links, text)
		}
	}
	return e
}

// links are the https addresses in what came with a post, its declared images
// first; those may be our own.
func links(s spaces.Space) []*url.URL {
	var declared struct {
		Image any `json:"image"`
	}
	_ = json.Unmarshal([]byte(s.Metadata), &declared) // somebody else's; what does not fit is not there
	var texts []string
	switch image := declared.Image.(type) {
	case string:
		texts = append(texts, image)
	case []any:
		for _, one := range image {
			if text, ok := one.(string); ok {
				texts = append(texts, text)
			}
		}
	}
	var found []*url.URL
	for _, text := range texts {
		if u, err := url.Parse(text); err == nil && strings.HasPrefix(text, ourPictures) && path.Clean(u.Path) == u.Path && len(text) <= 500 {
			found = append(found, u)
		}
	}
	texts = append(texts, addresses.FindAllString(s.Content, 50)...)
	for _, text := range texts {
		u, err := url.Parse(strings.TrimRight(text, ".,;:!?"))
		if err == nil && u.Scheme == "https" && u.Host != "" && u.User == nil && len(text) <= 500 {
			found = append(found, u)
		}
	}
	return found
}
