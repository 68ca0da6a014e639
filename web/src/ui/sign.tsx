// The sign over a room's door. A link's icon is a free word: an emoji is shown
// as it is, a word that has a drawing here is drawn, any other shows nothing.

const drawings: Record<string, string> = {
  anchor: "M12 8.500V21M12 8.500a2.7 2.7 0 1 0 0-5.4 2.7 2.7 0 0 0 0 5.400ZM8 11.500h8M4 13.500c.4 4.6 3.6 7.5 8 7.500s7.6-2.9 8-7.5",
  book: "M12 6.500C10.2 5 7.5 4.5 4 4.500v13.500c3.5 0 6.2.5 8 2 1.8-1.5 4.5-2 8-2V4.500c-3.5 0-6.2.5-8 2ZM12 6.500V20",
  cart: "M2.5 4h2.700l2.3 11.500h10.300L20 7.500H6M9 20h.1M16.5 20h.1",
  coffee: "M5 9h11.500v6a4.5 4.5 0 0 1-4.5 4.500H9.500A4.5 4.5 0 0 1 5 15V9ZM16.5 10.500h1.500a2.5 2.5 0 0 1 0 5h-1.600M8.5 3v2.500M12.5 3v2.5",
  flask: "M9 3.500h6M10 3.500V10l-5 8.200a1.5 1.5 0 0 0 1.3 2.300h11.400a1.5 1.5 0 0 0 1.3-2.300L14 10V3.500M7.7 15h8.6",
  flower: "M12 11a2.8 2.8 0 1 0 0-5.600A2.8 2.8 0 0 0 12 11ZM9.8 6.500C6.5 5 5.5 9 8 10.200c-1.5 2.8 2 4.3 4 2.3 2 2 5.5.5 4-2.3 2.5-1.2 1.5-5.2-1.8-3.700C14.5 3 9.5 3 9.8 6.500ZM12 13.500V21M12 19.500c-1.5-2.5-3.5-3-5.5-3",
  gamepad: "M7.5 7.500h9c2.8 0 4.5 3.2 4.5 7 0 3.8-3 4-4.5 1.500h-9C6 18.5 3 18.3 3 14.500c0-3.8 1.7-7 4.5-7ZM8.5 10v4M6.5 12h4M15 12h.1M17.5 11h.1",
  home: "M3.5 11.5 12 4l8.5 7.500M6 9.500V20h12V9.500M10 20v-5.500h4V20",
  image: "M4 4.500h16v15H4zM4 16l4.5-4.5 4 4 2.5-2.5 5 5M15.5 9h.1",
  landmark: "M3.5 9 12 4l8.5 5h-17ZM6 9v8M10 9v8M14 9v8M18 9v8M3.5 20h17M5 17h14",
  leaf: "M5 19C3.5 9.5 9 4.5 20 4c.5 11-4.5 16.5-13 15M4 21c2-5 5-8 9.5-10.5",
  music: "M9 17.500V5.500l11-2v12M9 17.500a2.8 2.8 0 1 1-5.6 0 2.8 2.8 0 0 1 5.6 0ZM20 15.500a2.8 2.8 0 1 1-5.6 0 2.8 2.8 0 0 1 5.6 0Z",
  palette: "M12 3.500a8.5 8.5 0 1 0 0 17c1.6 0 2-1.2 1.5-2.3-.7-1.7.3-3.2 2-3.200H18c1.7 0 2.5-1.3 2.5-3 0-4.7-3.8-8.5-8.5-8.500ZM8 9.500h.1M12 7.500h.1M16 9.500h.1M7 13.500h.1",
  shield: "M12 3.5 5 6v5.500c0 4.5 3 7.5 7 9 4-1.5 7-4.5 7-9V6l-7-2.500Z",
  telescope: "M3.5 13.5 17 5l3 5-14.5 6.5-2-3ZM13 7.500l2.7 4.500M10.5 14.5 7 21M12 13.800l3.5 7.2",
  wrench: "M20 7.500a5 5 0 0 1-6.7 4.700L6.5 19A2.1 2.1 0 0 1 3.5 16l6.8-6.800A5 5 0 0 1 16.5 3l-3 3 .5 3 3 .5 3-2Z",
};

export function Sign({ icon }: { icon: string }) {
  if (/^\p{Extended_Pictographic}/u.test(icon)) return <>{icon} </>;
  const drawing = Object.hasOwn(drawings, icon) && drawings[icon];
  if (!drawing) return null;
  return (
    <svg class="icon sign" viewBox="0 0 24 24" aria-hidden="true">
      <path d={drawing} />
    </svg>
  );
}
