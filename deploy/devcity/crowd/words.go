package crowd

// words is something to say in a room.
func (l *life) words(slug string) string {
	lines := small
	switch local := talk[slug]; {
	case l.Agent:
		lines = reports
	case len(local) > 0 && l.rng.IntN(5) < 3:
		lines = local
	}
	return lines[l.rng.IntN(len(lines))]
}

// mood is the status message shown beside a presence state, mostly none.
func (l *life) mood(state string) string {
	if state != online || l.Agent || l.rng.IntN(3) > 0 {
		return ""
	}
	return moods[l.rng.IntN(len(moods))]
}

var moods = []string{
	"walking around", "here until lunch", "headphones on", "ask me anything",
	"reading", "second coffee", "back at the bench", "half here", "listening",
}

// small talk fits every room.
var small = []string{
	"Morning, everyone.", "Anyone seen Zofia today?", "Back in ten minutes.",
	"That's a fair point.", "Ha, I was about to write the same.", "Who is up for a walk later?",
	"Let me check and come back to you.", "Agreed. Small steps first.", "Good to see this place busy again.",
	"I missed the start, what did you decide?", "Sounds like a plan.", "Give me a minute, my tea is boiling over.",
	"+1", "Not convinced yet, but keep going.", "Same time tomorrow?", "Welcome! Have a look around.",
	"I'll write it down before we forget.", "Could somebody second that?", "It works on my side now.", "Thanks, that helped.",
}

// reports is what software agents say.
var reports = []string{
	"Solar output is 4.2 kW, batteries at 81 %.", "Minutes of the last meeting are filed.",
	"Two new proposals are open for comments.", "Reminder: the reading circle starts at seven.",
	"Street lamp 14 is reported repaired.", "Humidity in house B is back to normal.",
}

// talk is what people say in particular rooms, by slug.
var talk = map[string][]string{
	"observatory": {
		"Seeing is excellent tonight, come up.", "Saturn's rings are nearly edge-on this month.",
		"Who left the dome open?", "I have forty minutes of the Veil Nebula to stack.", "Clouds from the west, we have an hour at most.",
	},
	"library": {
		"Finished it. The ending is earned, I think.", "Do we have the second volume anywhere?",
		"Reading circle picks the next book today.", "The translation loses the jokes.", "Shelf C is sorted again, please keep it so.",
	},
	"greenhouse": {
		"The new inverter paid for itself in March.", "First tomatoes on the south side!",
		"Who can water on Saturday?", "We fed 12 kWh back to the grid yesterday.", "Basil does not like the draught there.",
	},
	"music-hall": {
		"Once more from the bridge, slower.", "That bass line stays in my head all day.",
		"Thursday jam is on, bring cables.", "Has anyone a spare reed?", "Listen to the B-side, really.",
	},
	"general": {
		"Hello from the square!", "New here, where do people usually meet?", "The Night Café is full again.",
		"Market opens in a bit, see you there.", "Lovely light over the harbour right now.", "Is the vote still open?",
	},
	"makers": {
		"Printer 2 is levelled, go ahead.", "Don't lean on the bench, glue is curing.",
		"The third prototype survived the drop.", "Anybody with M3 inserts to spare?", "I measured twice and still cut it short.",
	},
	"guild": {
		"Draft of the charter is up, please comment by Friday.", "Let us keep the budget question for the call.",
		"I'd announce it after the pilot, not before.", "Treasury report looks healthy.",
	},
	"gallery": {
		"The blue one by the window stops me every time.", "Hanging day is tomorrow, bring a level.",
		"I like that she left the pencil lines in.", "Opening at six, no speeches, promise.",
	},
	"city-hall": {
		"Proposal 31 reached its quorum.", "Street lamps on the quay are next week's work.",
		"Please read before you vote, it is one page.", "Can we move the hearing to the evening?", "Minutes are out.",
	},
	"lounge": {
		"One flat white and the corner seat, please.", "Rain outside, so I stay.",
		"They changed the beans. Better, no?", "Kitchen closes in half an hour.", "Tell me how the talk went.",
	},
	"harbour": {
		"The Marisol is in, two hours late.", "Parcel for the library at berth four.",
		"Wind is turning, tie up the small boats.", "Fresh bread on the quay!",
	},
	"market": {
		"Swapping two lemon trees for a bicycle pump.", "Last jars of plum jam.",
		"Is that price for one or for the lot?", "Deal. I'll pick it up at noon.", "Anyone selling a desk lamp?",
	},
	"garden": {
		"The magnolias have opened.", "Best bench is the one under the lime tree.",
		"I counted seven kinds of bees.", "Path by the pond is muddy, mind your shoes.",
	},
	"arcade": {
		"48,200! Beat that.", "Rematch, and no excuses this time.",
		"The left stick on cabinet three sticks.", "Who holds the record on the racing one?", "gg",
	},
}
