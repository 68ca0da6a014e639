// The part of the page that is heard and not seen.

import { useEffect, useRef, useState } from "preact/hooks";
import { digest, type News as Item } from "../news";

const every = 3_000; // ms between two reports
const mostShown = 6;

export function News({ news }: { news: readonly Item[] }) {
  const [told, tell] = useState<{ key: number; text: string }[]>([]);
  const newest = useRef(news);
  newest.current = news;
  const known = useRef(0);
  const wait = useRef<ReturnType<typeof setTimeout>>();
  useEffect(() => {
    const report = () => {
      wait.current = undefined;
      const fresh = newest.current.filter((n) => n.key > known.current);
      if (fresh.length === 0) return;
      known.current = newest.current.at(-1)?.key ?? 0;
      wait.current = setTimeout(report, every);
      tell((before) => [...before, ...digest(fresh).map((text, i) => ({ key: known.current * 100 + i, text }))].slice(-mostShown));
    };
    if (wait.current === undefined) report();
  }, [news]);
  useEffect(() => () => clearTimeout(wait.current), []);
  return (
    <div class="spoken" role="log" aria-live="polite" aria-label="What happens here">
      {told.map((t) => (
        <p key={t.key}>{t.text}</p>
      ))}
    </div>
  );
}
