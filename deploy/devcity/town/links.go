package town

import (
	"bytes"
	"fmt"
	"os"

	"go.yaml.in/yaml/v3"
)

// linkFile is the shape of the file that PRESENCE_LINKS_FILE names.
type linkFile struct {
	Rooms []link `yaml:"rooms"`
}

type link struct {
	Slug        string `yaml:"slug"`
	Name        string `yaml:"name"`
	Description string `yaml:"description"`
	Zone        string `yaml:"zone"`
	RoomType    string `yaml:"room_type"`
	Icon        string `yaml:"icon"`
	Color       string `yaml:"color"`
	Alias       string `yaml:"matrix_room_alias"`
	Public      bool   `yaml:"is_public"`
	MicroDAO    string `yaml:"microdao_id,omitempty"`
	Map         cells  `yaml:"map,flow"`
}

type cells struct {
	X int `yaml:"x"`
	Y int `yaml:"y"`
	W int `yaml:"w"`
	H int `yaml:"h"`
}

// WriteLinks writes the rooms of the plan as presence's links file. They are
// linked by alias, so that presence has to find the rooms by itself.
func WriteLinks(file string, plan Plan) error {
	var links linkFile
	for _, r := range plan.Rooms {
		links.Rooms = append(links.Rooms, link{
			Slug: r.Slug, Name: r.Name, Description: r.Topic, Zone: r.Zone,
			RoomType: r.Kind, Icon: r.Icon, Color: r.Color, Alias: r.Alias(serverName),
			Public: r.MicroDAO == "", MicroDAO: r.MicroDAO, Map: cells{r.X, r.Y, r.W, r.H},
		})
	}
	var text bytes.Buffer
	text.WriteString("# The rooms of the local city, written anew by every `make run`.\n")
	enc := yaml.NewEncoder(&text)
	enc.SetIndent(2)
	if err := enc.Encode(links); err != nil {
		return fmt.Errorf("write the links: %w", err)
	}
	return os.WriteFile(file, text.Bytes(), 0o600)
}
