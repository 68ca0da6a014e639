// Drawn here, so that the page needs no icon font and no other host.

const paths = {
  search: "M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13Zm4.8-1.7L20 20",
  map: "M3.5 6.5 9 4l6 2.5L20.5 4v13.5L15 20l-6-2.5L3.5 20V6.5ZM9 4v13.5M15 6.5V20",
  list: "M8.5 6.5h12M8.5 12h12M8.5 17.5h12M4 6.5h.6M4 12h.6M4 17.5h.6",
  moon: "M20 14.2A8.3 8.3 0 0 1 9.8 4 8.3 8.3 0 1 0 20 14.2Z",
  sun: "M12 16.2a4.2 4.2 0 1 0 0-8.4 4.2 4.2 0 0 0 0 8.4ZM12 2.5v2M12 19.5v2M4.6 4.6 6 6M18 18l1.4 1.4M2.5 12h2M19.5 12h2M4.6 19.4 6 18M18 6l1.4-1.4",
  auto: "M12 20.5a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17ZM12 3.5v17M12 7l5.6-1.4M12 11h8.4M12 15.5h7.6M12 19.4l3-.4",
  key: "M8 18.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9ZM11.2 10.8 19.5 2.5M16 6l3 3M13.5 8.5l2 2",
  lock: "M6.5 11h11v8.5h-11zM8.8 11V8a3.2 3.2 0 0 1 6.4 0v3",
  close: "M6 6l12 12M18 6 6 18",
  copy: "M9 9h10.5v10.5H9zM5 15V4.5h10.5",
  link: "M10 14a4 4 0 0 0 5.7 0l3.2-3.2a4 4 0 0 0-5.7-5.7L12 6.3M14 10a4 4 0 0 0-5.7 0l-3.2 3.2a4 4 0 0 0 5.7 5.7l1.2-1.2",
  clock: "M12 20.5a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17ZM12 7.5V12l3 2",
  person: "M12 11.5a3.8 3.8 0 1 0 0-7.5 3.8 3.8 0 0 0 0 7.5ZM4.8 20c.6-3.6 3.5-5.4 7.2-5.4s6.6 1.8 7.2 5.4",
  agent: "M12 3.2 20 12l-8 8.800L4 12zM12 9v6M9 12h6",
  headset: "M4 7.5h16v9.5h-4.700l-1.600-2.400a2 2 0 0 0-3.400 0L8.700 17H4zM7 12h2.500M14.500 12H17",
  go: "M5 12h14M13 6l6 6-6 6",
  check: "M5 12.5 10 17.5 19.5 7",
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={paths[name]} />
    </svg>
  );
}
