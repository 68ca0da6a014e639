// Beside the map: the districts, what just happened, and what windows mean.

import { useEffect, useRef, useState } from "preact/hooks";
import { type Entry, sentence } from "../journal";
import { type Freshness, lookTotals } from "../life";
import type { ZoneTotals } from "../wire";
import { ago, digits, plural, zoneName } from "../words";

interface ZonesProps {
  zones: string[];
  totals: ZoneTotals[];
  fresh: Freshness;
  hue(zone: string): string;
  chosen: string;
  onZone(zone: string): void;
}

export function Districts({ zones, totals, fresh, hue, chosen, onZone }: ZonesProps) {
  const most = Math.max(1, ...totals.map((z) => z.totals.online));
  return (
    <section class="box districts" aria-labelledby="districts-title">
      <h2 id="districts-title">Districts</h2>
      <ul>
        {zones.map((zone) => {
          const t = lookTotals(totals.find((z) => z.zone === zone)?.totals ?? null, fresh);
          return (
            <li key={zone}>
              <button class={hue(zone)} aria-pressed={chosen === zone} onClick={() => onZone(chosen === zone ? "" : zone)}>
                <i aria-hidden="true" />
                <span class="zone-name">{zoneName(zone)}</span>
                {t ? (
                  <span class={t.online > 0 ? "number" : "number none"}>
                    {digits(t.online)}
                    <span class="spoken"> people online</span>
                  </span>
                ) : (
                  <span class="number unknown">unknown</span>
                )}
                <span class="trough" aria-hidden="true">
                  {t && <span class="fill" style={{ transform: `scaleX(${t.online / most})` }} />}
                </span>
              </button>
            </li>
          );
        })}
      </ul>
      <p class="small">Distinct people of public rooms. Who is in two districts counts once in the city.</p>
    </section>
  );
}

const shown = 6;

export function Journal({ entries, now, onOpen }: { entries: readonly Entry[]; now: number; onOpen(slug: string): void }) {
  return (
    <section class="box journal" aria-labelledby="journal-title">
      <h2 id="journal-title">Just now</h2>
      {entries.length === 0 ? (
        <p class="small">Quiet so far. Arrivals and departures appear here.</p>
      ) : (
        <ol>
          {entries.slice(0, shown).map((e) => (
            <li key={e.key} class={e.happening}>
              <button onClick={() => onOpen(e.slug)}>
                <bdi>{e.name}</bdi> <span>{sentence(e)}</span>
                <time>{ago(e.at, now)}</time>
              </button>
            </li>
          ))}
        </ol>
      )}
      <Announcer entries={entries} />
    </section>
  );
}

// A busy city would talk without end: a screen reader hears a few rooms at
// most, this often, and nothing while the page is hidden.
const announceEvery = 20_000;
const announceAtMost = 3;

function Announcer({ entries }: { entries: readonly Entry[] }) {
  const [said, say] = useState("");
  const latest = useRef(entries);
  const heard = useRef(entries[0]?.key ?? 0);
  latest.current = entries;
  useEffect(() => {
    const timer = setInterval(() => {
      const news = latest.current.filter((e) => e.key > heard.current);
      heard.current = Math.max(heard.current, latest.current[0]?.key ?? 0);
      if (news.length === 0 || document.hidden) return;
      const rest = news.length - announceAtMost;
      const words = news.slice(0, announceAtMost).map((e) => `${e.name} ${sentence(e)}`);
      say(words.join(", ") + (rest > 0 ? `, and ${plural(rest, "more change", "more changes")}` : ""));
    }, announceEvery);
    return () => clearInterval(timer);
  }, []);
  return (
    <p class="spoken" aria-live="polite">
      {said}
    </p>
  );
}

export function Legend() {
  return (
    <section class="box legend" aria-labelledby="legend-title">
      <h2 id="legend-title">A window for everyone</h2>
      <ul>
        <li class="is-active">lit: a person, active now</li>
        <li class="is-idle">dim: a person, idle</li>
        <li class="is-agent">teal: an agent</li>
        <li class="is-unknown">hatched: unknown</li>
      </ul>
    </section>
  );
}
