// The pictures of the sample posts: drawn by rule when the pages are built, so
// that a local city shows what a post with pictures looks like without asking
// another host. Browsers keep them for ever: what looks different takes a new
// number.

export function* pictures() {
  yield ["assets/pictures-1/river-at-dawn.svg", river()];
  for (let i = 0; i < 12; i++) yield [`assets/pictures-1/colour-${String(i + 1).padStart(2, "0")}.svg`, colour(i)];
}

const svg = (w, h, parts) => `<svg xmlns="http://www.w3.org/2000/svg" width="${w}" height="${h}" viewBox="0 0 ${w} ${h}">${parts.join("")}</svg>\n`;
const n = (x) => String(Math.round(x * 10) / 10);

function dice(seed) {
  return () => ((seed = (seed * 16807) % 2147483647) / 2147483647);
}

function gradient(id, stops, at = 'x1="0" y1="0" x2="0" y2="1"', kind = "linearGradient") {
  const list = stops.map(([offset, color, opacity = 1]) => `<stop offset="${offset}" stop-color="${color}" stop-opacity="${opacity}"/>`);
  return `<${kind} id="${id}" ${at}>${list.join("")}</${kind}>`;
}

// An equirectangular picture: x is the direction, with the middle ahead; y is
// the height, with the horizon half way down.
const [W, H] = [4096, 2048];
const horizon = H / 2;
const eye = 6; // metres of the bridge above the water
const half = 16; // metres from the middle of the river to its banks

// onPicture is where a point of the world is seen: aside, ahead, above water.
function onPicture(x, ahead, y) {
  const far = Math.hypot(x, ahead);
  return [(Math.atan2(x, ahead) / Math.PI + 1) * (W / 2), horizon - (Math.atan2(y - eye, far) / Math.PI) * H];
}

function river() {
  const random = dice(41);
  const parts = [
    "<defs>",
    gradient("sky", [[0, "#23305f"], [0.45, "#4a5f9a"], [0.72, "#a796bd"], [0.88, "#f0b9a0"], [1, "#ffdcae"]]),
    gradient("dusk", [[0, "#1a2450", 0.75], [0.3, "#1a2450", 0], [0.7, "#1a2450", 0], [1, "#1a2450", 0.75]], 'x1="0" y1="0" x2="1" y2="0"'),
    gradient("water", [[0, "#f6c7a4"], [0.1, "#c09fae"], [0.3, "#5f74a0"], [0.62, "#2d4a72"], [1, "#1c3355"]]),
    gradient("sun", [[0, "#fffbe6"], [0.05, "#fff1c2", 0.95], [0.16, "#ffd795", 0.6], [0.5, "#ffb27a", 0.22], [1, "#ffb27a", 0]], "", "radialGradient"),
    gradient("mist", [[0, "#fff1e2", 0.75], [0.6, "#ffe9da", 0.3], [1, "#ffe9da", 0]], "", "radialGradient"),
    gradient("bank", [[0, "#7d7f8d"], [0.35, "#59694f"], [1, "#33452f"]]),
    "</defs>",
    `<rect width="${W}" height="${horizon}" fill="url(#sky)"/>`,
    `<rect y="${horizon}" width="${W}" height="${horizon}" fill="url(#water)"/>`,
    `<rect width="${W}" height="${H}" fill="url(#dusk)"/>`,
  ];
  for (let i = 0; i < 260; i++) {
    const x = (W * 0.62 + random() * W * 0.76) % W;
    parts.push(`<circle cx="${n(x)}" cy="${n(random() ** 0.8 * 760)}" r="${n(0.8 + random() * 1.6)}" fill="#fff" opacity="${n(0.3 + random() * 0.5)}"/>`);
  }
  parts.push(`<ellipse cx="2048" cy="965" rx="1150" ry="760" fill="url(#sun)"/>`, `<circle cx="2048" cy="958" r="34" fill="#fffbea"/>`);
  clouds(parts, random);
  for (const [rise, base, color, seed] of [[120, 10, "#9c8fb3", 1], [84, 4, "#7d7aa3", 5], [52, 0, "#5d6488", 9]]) parts.push(hills(rise, base, color, seed));
  banks(parts);
  glints(parts, random);
  for (const ahead of [1, -1]) houses(parts, random, ahead);
  trees(parts, random);
  boat(parts, -3.5, 34, 2.6);
  boat(parts, 5, 62, 3);
  boat(parts, 2.5, -40, 2.6);
  for (let i = 0; i < 26; i++) {
    const x = i < 18 ? 2048 + (random() - 0.5) * 1900 : random() * W;
    const rx = 160 + random() * 300;
    parts.push(`<ellipse cx="${n(x)}" cy="${n(horizon + 4 + random() * 46)}" rx="${n(rx)}" ry="${n(rx * 0.07)}" fill="url(#mist)" opacity="${n(0.4 + random() * 0.5)}"/>`);
  }
  return svg(W, H, parts);
}

function clouds(parts, random) {
  for (let i = 0; i < 34; i++) {
    const [x, y] = [200 + random() * (W - 400), 520 + random() * 400];
    const warm = 1 - Math.min(1, Math.abs(x - W / 2) / 1500);
    const color = `hsl(${n(350 + warm * 30)} ${n(30 + warm * 55)}% ${n(58 + warm * 24)}%)`;
    for (let j = 0; j < 4; j++) parts.push(`<ellipse cx="${n(x + (random() - 0.5) * 170)}" cy="${n(y + (random() - 0.5) * 14)}" rx="${n(60 + random() * 130)}" ry="${n(3 + random() * 9)}" fill="${color}" opacity="0.34"/>`);
  }
}

// Whole waves around the picture, so that it has no seam.
function hills(rise, base, color, seed) {
  const points = [];
  for (let x = 0; x <= W; x += 16) {
    const a = (x / W) * 2 * Math.PI;
    const wave = [3, 7, 13, 29].reduce((sum, k, i) => sum + Math.sin(a * k + seed * (i + 1.3)) / (i + 1.6), 0);
    points.push(`${x},${n(horizon - base - rise * Math.max(0.08, 0.42 + wave * 0.4))}`);
  }
  return `<polygon points="0,${horizon + 2} ${points.join(" ")} ${W},${horizon + 2}" fill="${color}"/>`;
}

function banks(parts) {
  for (const side of [-1, 1]) {
    const edge = [];
    for (let a = 0.002; a < Math.PI - 0.001; a += Math.PI / 160) edge.push(onPicture(side * half, half / Math.tan(a), 0).map(n).join(","));
    const from = side < 0 ? 0 : W / 2;
    parts.push(`<polygon points="${from},${horizon} ${(side < 0 ? edge.reverse() : edge).join(" ")} ${from + W / 2},${horizon}" fill="url(#bank)"/>`);
    parts.push(`<polyline points="${edge.join(" ")}" fill="none" stroke="#e9cfae" stroke-opacity="0.5" stroke-width="5"/>`);
  }
}

function glints(parts, random) {
  for (let i = 0; i < 330; i++) {
    const down = random() ** 1.7;
    const x = 2048 + (random() - 0.5) * (26 + down * 230) * 2;
    parts.push(`<ellipse cx="${n(x)}" cy="${n(horizon + 3 + down * 520)}" rx="${n(5 + down * 52 * random() + 3)}" ry="${n(0.8 + down * 4)}" fill="#ffe9bd" opacity="${n(0.75 - down * 0.6)}"/>`);
  }
  for (let i = 0; i < 420; i++) {
    const [x, ahead] = [(random() - 0.5) * 2 * (half - 1), (random() < 0.5 ? -1 : 1) * (3 + random() ** 2 * 90)];
    const [px, py] = onPicture(x, ahead, 0);
    const size = 360 / Math.hypot(x, ahead);
    parts.push(`<ellipse cx="${n(px)}" cy="${n(py)}" rx="${n(size)}" ry="${n(size * 0.06)}" fill="#dfe6f5" opacity="0.14"/>`);
  }
}

function houses(parts, random, ahead) {
  for (const side of [-1, 1]) {
    for (let z = 150; z > 26; z -= 7 + random() * 4) {
      const x = side * (half + 9 + random() * 12);
      const [w, h] = [6 + random() * 3, 5 + random() * 7];
      const [left, foot] = onPicture(x - w / 2, ahead * z, 0.8);
      const [right, top] = onPicture(x + w / 2, ahead * z, h);
      const [x0, wide] = [Math.min(left, right), Math.abs(right - left)];
      if (wide > W / 2) continue;
      const tone = `hsl(${n(15 + random() * 25)} ${n(14 + random() * 18)}% ${n(30 + (z / 150) * 24)}%)`;
      parts.push(`<rect x="${n(x0)}" y="${n(top)}" width="${n(wide)}" height="${n(foot - top)}" fill="${tone}"/>`);
      parts.push(`<polygon points="${n(x0 - wide * 0.08)},${n(top)} ${n(x0 + wide / 2)},${n(top - wide * 0.5)} ${n(x0 + wide * 1.08)},${n(top)}" fill="hsl(8 26% ${n(24 + (z / 150) * 24)}%)"/>`);
      for (let i = 0; i < 6; i++) if (random() < 0.45) parts.push(`<rect x="${n(x0 + wide * (0.16 + (i % 3) * 0.28))}" y="${n(top + (foot - top) * (0.16 + (i >> 1 > 0 ? 0.4 : 0)))}" width="${n(wide * 0.13)}" height="${n((foot - top) * 0.18)}" fill="#ffd88f"/>`);
    }
  }
}

function trees(parts, random) {
  const stems = Array.from({ length: 74 }, () => [(random() < 0.5 ? -1 : 1) * (half + 1.5 + random() * 10), (random() - 0.5) * 130, 3.5 + random() * 4]);
  stems.sort((a, b) => Math.hypot(b[0], b[1]) - Math.hypot(a[0], a[1]));
  for (const [x, ahead, h] of stems) {
    const far = Math.hypot(x, ahead);
    const [px, foot] = onPicture(x, ahead, 0.4);
    const [, top] = onPicture(x, ahead, h);
    const r = (foot - top) * 0.36;
    const light = Math.min(46, 15 + far * 0.42);
    parts.push(`<rect x="${n(px - r * 0.1)}" y="${n(top + r)}" width="${n(r * 0.2)}" height="${n(foot - top - r)}" fill="hsl(25 22% ${n(light * 0.7)}%)"/>`);
    for (const [dx, dy, s] of [[0, 0.9, 1], [-0.55, 1.3, 0.75], [0.6, 1.25, 0.7], [0.1, 0.4, 0.7]]) {
      const warm = dx * Math.sign(W / 2 - px) > 0 || dy < 0.5 ? 7 : 0;
      parts.push(`<circle cx="${n(px + dx * r)}" cy="${n(top + dy * r)}" r="${n(r * s)}" fill="hsl(${n(118 - warm * 6 + random() * 22)} ${n(22 - far * 0.08)}% ${n(light + warm)}%)"/>`);
    }
  }
}

function boat(parts, x, ahead, long) {
  const [px, py] = onPicture(x, ahead, 0.2);
  const s = (long / Math.hypot(x, ahead)) * (W / 2 / Math.PI);
  parts.push(`<ellipse cx="${n(px)}" cy="${n(py + s * 0.2)}" rx="${n(s * 1.3)}" ry="${n(s * 0.16)}" fill="#16233f" opacity="0.45"/>`);
  parts.push(`<path d="M${n(px - s)} ${n(py - s * 0.26)} Q${n(px)} ${n(py - s * 0.05)} ${n(px + s)} ${n(py - s * 0.3)} L${n(px + s * 0.7)} ${n(py + s * 0.14)} L${n(px - s * 0.72)} ${n(py + s * 0.14)} Z" fill="#2b2233"/>`);
  parts.push(`<path d="M${n(px - s * 0.1)} ${n(py - s * 0.15)} V${n(py - s * 1.9)} L${n(px + s * 0.85)} ${n(py - s * 0.5)} Z" fill="#f3d9b5"/>`, `<circle cx="${n(px - s * 0.5)}" cy="${n(py - s * 0.36)}" r="${n(s * 0.13)}" fill="#ffd88f"/>`);
}

// colour is one of twelve canvases: fields of one hue, each a little apart.
function colour(i) {
  const random = dice(97 + i * 31);
  const [w, h] = [900, 720];
  const tone = (s, l, turn = 0) => `hsl(${(i * 30 + turn + 360) % 360} ${s}% ${n(l)}%)`;
  const parts = [
    "<defs>",
    gradient("field", [[0, tone(50, 54)], [1, tone(48, 36, 12)]]),
    '<filter id="edge" x="-5%" y="-5%" width="110%" height="110%"><feTurbulence type="fractalNoise" baseFrequency="0.035" numOctaves="3" seed="' + (i + 1) + '"/><feDisplacementMap in="SourceGraphic" scale="16"/></filter>',
    "</defs>",
    `<rect width="${w}" height="${h}" fill="url(#field)"/>`,
    '<g filter="url(#edge)">',
  ];
  if (i % 3 === 0) for (const [y, tall, l, turn] of [[60, 230, 70, -14], [318, 120, 30, 18], [466, 194, 62, 8]]) parts.push(`<rect x="64" y="${y}" width="772" height="${tall}" rx="10" fill="${tone(54, l, turn)}" opacity="0.88"/>`);
  else if (i % 3 === 1) for (let r = 5; r > 0; r--) parts.push(`<circle cx="${n(450 + (5 - r) * 16)}" cy="${n(370 - (5 - r) * 12)}" r="${r * 62}" fill="${tone(52, 28 + (5 - r) * 13, (5 - r) * 7)}"/>`);
  else for (let k = 0; k < 9; k++) parts.push(`<rect x="${k * 100 + 8}" y="${n(50 + random() * 220)}" width="84" height="${n(260 + random() * 260)}" fill="${tone(50, 30 + random() * 50, (k - 4) * 7)}" opacity="0.9"/>`);
  parts.push("</g>");
  for (let k = 0; k < 60; k++) {
    const y = random() * h;
    parts.push(`<path d="M0 ${n(y)} Q450 ${n(y + (random() - 0.5) * 40)} ${w} ${n(y + (random() - 0.5) * 20)}" stroke="${random() < 0.5 ? "#fff" : "#000"}" stroke-opacity="0.05" stroke-width="${n(1 + random() * 5)}" fill="none"/>`);
  }
  return svg(w, h, parts);
}
