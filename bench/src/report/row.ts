/** One figure of a benchmark; `against` names what it is compared with and `ratio` is value ÷ peer (or peer ÷ value for times). */
export interface Row {
  readonly bench: string;
  readonly case: string;
  readonly metric: string;
  readonly unit: string;
  /** Absent when it could not be measured; `note` says why. */
  readonly value?: number;
  readonly against?: string;
  readonly peer?: number;
  /** How many times better than the peer: above 1 is better, whatever the metric. */
  readonly ratio?: number;
  readonly note?: string;
}

/** A row compared with a peer where more is better. */
export function moreIsBetter(row: Row & { value: number }, against: string, peer: number | undefined): Row {
  return compare(row, against, peer, (value, other) => value / other);
}

/** A row compared with a peer where less is better. */
export function lessIsBetter(row: Row & { value: number }, against: string, peer: number | undefined): Row {
  return compare(row, against, peer, (value, other) => other / value);
}

function compare(
  row: Row & { value: number },
  against: string,
  peer: number | undefined,
  ratioOf: (value: number, peer: number) => number,
): Row {
  if (peer === undefined) return { ...row, against, note: row.note ?? `${against} is not installed here` };
  return { ...row, against, peer, ratio: ratioOf(row.value, peer) };
}
