package links

import "strings"

// tailwind is the middle (500) shade of each colour of Tailwind, which the
// original city's rooms name in their color column.
var tailwind = map[string]string{
	"slate": "#64748b", "gray": "#6b7280", "zinc": "#71717a", "neutral": "#737373", "stone": "#78716c",
	"red": "#ef4444", "orange": "#f97316", "amber": "#f59e0b", "yellow": "#eab308", "lime": "#84cc16",
	"green": "#22c55e", "emerald": "#10b981", "teal": "#14b8a6", "cyan": "#06b6d4", "sky": "#0ea5e9",
	"blue": "#3b82f6", "indigo": "#6366f1", "violet": "#8b5cf6", "purple": "#a855f7", "fuchsia": "#d946ef",
	"pink": "#ec4899", "rose": "#f43f5e",
}

// hexColor returns the colour as #rrggbb, and false when it is no colour. The
// digits are left to [spaces.Link.Normalize].
func hexColor(color string) (string, bool) {
	if color == "" || strings.HasPrefix(color, "#") {
		return color, true
	}
	hex, known := tailwind[strings.ToLower(color)]
	return hex, known
}
