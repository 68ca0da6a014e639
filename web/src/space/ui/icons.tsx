// The drawings of the space page, beside those it shares with the city.

import { Icon, type IconName } from "../../ui/icons";
import { type Emote, emotes } from "../emotes";

const paths = {
  back: "M19 12H5M11 6l-6 6 6 6",
  chat: "M4 5.500h16v11H10l-4.500 3.500v-3.500H4z",
  people: "M9 11a3.300 3.300 0 1 0 0-6.600A3.300 3.300 0 0 0 9 11ZM2.800 19.500c.5-3.200 3-5 6.200-5s5.700 1.800 6.200 5M15.500 4.700a3.300 3.300 0 0 1 0 6.100M17.500 14.800c2 .6 3.300 2.200 3.700 4.700",
  cube: "M12 3.200 20 7.500v9L12 20.800 4 16.500v-9L12 3.200ZM4 7.500l8 4.500 8-4.500M12 12v8.800",
  flat: "M4 5h16v14H4zM4 12h16M12 5v14",
  headset: "M3.500 8.500h17v8.500h-5l-2-2.500h-3L8.500 17h-5zM7 11.500h.1M17 11.500h.1",
  send: "M4 12 20 4.500 15.500 20l-3.800-6.300L4 12ZM11.700 13.700 20 4.500",
  reply: "M10 6 4.500 11.500 10 17M4.500 11.500H14c3.500 0 5.500 2.300 5.500 6.500",
  thread: "M4 5h12v8H9l-3 2.500V13H4zM18.500 9.500H20v8h-1.500V20L15.500 17.500H10",
  smile: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM8 14c1 1.700 2.400 2.500 4 2.500s3-.8 4-2.500M9 9.500h.1M15 9.500h.1",
  edit: "M4.500 19.500l.8-4L16 4.800l3.200 3.200L8.500 18.700zM13.800 7l3.200 3.200",
  bin: "M4.500 7h15M9.500 7V4.500h5V7M6.500 7l.8 13h9.400l.8-13M10 10.500v6M14 10.500v6",
  again: "M19.500 12a7.500 7.500 0 1 1-2.200-5.300M19.500 3.500v4.200h-4.200",
  wallet: "M4 7.500h14.500v12H4zM4 7.500 15 4v3.500M15 12h5.500v3.500H15z",
  plug: "M9 3.500v5M15 3.500v5M6.500 8.500h11v3a5.500 5.500 0 0 1-11 0zM12 17v4",
  out: "M14 4.500h5.500v15H14M10.500 8 6.500 12l4 4M6.500 12H15",
  door: "M6 20.500V3.500h9.500v17M3.500 20.500h17M12 12h.1",
} as const;

export type SpaceIconName = keyof typeof paths | IconName;

export function SpaceIcon({ name }: { name: SpaceIconName }) {
  return name in paths ? <Drawing path={paths[name as keyof typeof paths]} /> : <Icon name={name as IconName} />;
}

export function EmoteIcon({ emote }: { emote: Emote }) {
  return <Drawing path={emotes[emote].path} />;
}

function Drawing({ path }: { path: string }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={path} />
    </svg>
  );
}
