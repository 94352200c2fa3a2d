// The extension's icon, drawn: the gallery takes only PNG, and a repository of text keeps no pictures.

import { crc32, deflateSync } from 'node:zlib';

const BACKGROUND = [0x1f, 0x6f, 0x5c];
const FOREGROUND = [0xf4, 0xf1, 0xe8];

/** Distance of a point to a line segment; all in parts of the icon's side. */
function distance(x, y, [x1, y1, x2, y2]) {
  const [dx, dy] = [x2 - x1, y2 - y1];
  const along = Math.min(1, Math.max(0, ((x - x1) * dx + (y - y1) * dy) / (dx * dx + dy * dy)));
  return Math.hypot(x - x1 - along * dx, y - y1 - along * dy);
}

/** An M whose middle stroke reaches down to a dot: rows that come out of an API. */
const STROKES = [
  [0.24, 0.74, 0.24, 0.28],
  [0.24, 0.28, 0.5, 0.56],
  [0.5, 0.56, 0.76, 0.28],
  [0.76, 0.28, 0.76, 0.74],
];

/** How much of a pixel a shape covers, from its distance to the edge in pixels. */
const coverage = (pixels) => Math.min(1, Math.max(0, pixels + 0.5));

/** PNG of a square with this side in pixels. */
export function icon(side) {
  const rows = [];
  for (let row = 0; row < side; row++) {
    const line = Buffer.alloc(1 + side * 4);
    for (let column = 0; column < side; column++) {
      const [x, y] = [(column + 0.5) / side, (row + 0.5) / side];
      // A square with round corners.
      const corner = 0.2;
      const [ox, oy] = [Math.abs(x - 0.5) - 0.5 + corner, Math.abs(y - 0.5) - 0.5 + corner];
      const outside = Math.hypot(Math.max(ox, 0), Math.max(oy, 0)) + Math.min(Math.max(ox, oy), 0) - corner;
      const stroke = Math.min(...STROKES.map((segment) => distance(x, y, segment))) - 0.055;
      const dot = Math.hypot(x - 0.5, y - 0.74) - 0.065;
      const ink = coverage(-Math.min(stroke, dot) * side);
      const colour = BACKGROUND.map((part, index) => Math.round(part + (FOREGROUND[index] - part) * ink));
      line.set([...colour, Math.round(255 * coverage(-outside * side))], 1 + column * 4);
    }
    rows.push(line);
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  header.set([8, 6, 0, 0, 0], 8);
  const chunk = (type, data) => {
    const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
    const around = Buffer.alloc(8);
    around.writeUInt32BE(data.length, 0);
    around.writeUInt32BE(crc32(body), 4);
    return Buffer.concat([around.subarray(0, 4), body, around.subarray(4)]);
  };
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.concat(rows), { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}
