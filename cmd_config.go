package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kong"
)

// configCmd prints the settings: what they are now, or the table of the README.
type configCmd struct {
	Markdown bool `help:"Print the table of all settings as Markdown, for the README."`
}

// Run prints one setting a line, or the table.
func (c *configCmd) Run(e *env, k *kong.Kong) error {
	if c.Markdown {
		return settingsTable(e.out, k)
	}
	for _, f := range settingFlags(k) {
		if _, err := fmt.Fprintf(e.out, "%-34s %v\n", f.Envs[0], f.Target.Interface()); err != nil {
			return fmt.Errorf("print the settings: %w", err)
		}
	}
	return nil
}

// settingsTable writes the README's table. A test compares the two.
func settingsTable(w io.Writer, k *kong.Kong) error {
	group := ""
	for _, f := range settingFlags(k) {
		var err error
		if f.Group.Title != group {
			group = f.Group.Title
			_, err = fmt.Fprintf(w, "\n| %s | default | |\n|---|---|---|\n", group)
		}
		if err == nil {
			_, err = fmt.Fprintf(w, "| `%s` | %s | %s |\n", strings.Join(f.Envs, "`, `"), defaultOf(f), f.Help)
		}
		if err != nil {
			return fmt.Errorf("print the settings: %w", err)
		}
	}
	return nil
}

func defaultOf(f *kong.Flag) string {
	if f.Default == "" {
		return ""
	}
	return "`" + f.Default + "`"
}

// settingFlags are the flags that have a variable: the settings, in the order
// of their struct.
func settingFlags(k *kong.Kong) []*kong.Flag {
	var flags []*kong.Flag
	for _, f := range k.Model.Flags {
		if len(f.Envs) > 0 {
			flags = append(flags, f)
		}
	}
	return flags
}
