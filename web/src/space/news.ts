// What happens, for those who hear the page: told every few seconds and in few
// words, because a crowd that comes in would drown out everything else.

export interface News {
  key: number;
  is: "came" | "left" | "gesture" | "line" | "place";
  who: string; // empty for the place
  text: string; // what was said, shown or became of the place
}

const mostLines = 3;
const mostNames = 2;

// digest puts what happened meanwhile into sentences, the oldest first.
export function digest(news: readonly News[]): string[] {
  const of = (is: News["is"]) => news.filter((n) => n.is === is);
  const lines = of("line");
  const untold = lines.length - mostLines;
  return [
    ...of("place").map((n) => n.text),
    ...people(of("came"), "came in"),
    ...people(of("left"), "left"),
    ...(of("gesture").length <= mostNames ? of("gesture").map((n) => `${n.who}: ${n.text}`) : [`${of("gesture").length} gestures`]),
    ...(untold > 0 ? [`${untold} more ${untold === 1 ? "line" : "lines"} in the chat`] : []),
    ...lines.slice(-mostLines).map((n) => `${n.who} says: ${n.text}`),
  ];
}

function people(news: News[], did: string): string[] {
  const names = [...new Set(news.map((n) => n.who))];
  if (names.length > mostNames) return [`${names.length} people ${did}`];
  return names.length === 0 ? [] : [`${names.join(" and ")} ${did}`];
}
