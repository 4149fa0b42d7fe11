/** A metric of a Prometheus exposition with the names of its labels. */
export type Exposition = ReadonlyMap<string, ReadonlySet<string>>;

/** The series names of Prometheus text (histograms as _bucket, _sum and _count) with their labels. */
export function parseExposition(text: string): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const line of text.split("\n")) {
    const match = /^(?<name>[a-zA-Z_:][\w:]*)(?:\{(?<labels>.*)\})? /.exec(line);
    const { name, labels = "" } = match?.groups ?? {};
    if (name === undefined) continue;
    const known = found.get(name) ?? new Set<string>();
    for (const [, label] of labels.matchAll(/(\w+)="(?:[^"\\]|\\.)*"/g)) known.add(label as string);
    found.set(name, known);
  }
  return found;
}
