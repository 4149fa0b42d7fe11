/** One arc of a ring, as an SVG path. */
export interface RingArc {
  readonly path: string;
}

/** Divides a circle around (0, 0) into equal arcs with gaps between them, the first starting at the top, clockwise. */
export function ringArcs(count: number, radius: number, gapDegrees: number): RingArc[] {
  const step = 360 / count;
  return Array.from({ length: count }, (_, index) => {
    const from = index * step + gapDegrees / 2;
    const to = (index + 1) * step - gapDegrees / 2;
    const isLarge = to - from > 180 ? 1 : 0;
    return { path: `M${pointAt(from, radius)}A${radius} ${radius} 0 ${isLarge} 1 ${pointAt(to, radius)}` };
  });
}

function pointAt(degrees: number, radius: number): string {
  const radians = ((degrees - 90) * Math.PI) / 180;
  return `${(radius * Math.cos(radians)).toFixed(3)} ${(radius * Math.sin(radians)).toFixed(3)}`;
}
