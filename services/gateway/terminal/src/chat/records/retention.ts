/** What is kept of conversations in this browser, at most. */
export interface RetentionLimits {
  readonly conversationsMax: number;
  readonly bytesMax: number;
}

/** 200 conversations or 64 MiB, whichever comes first. */
export const retentionLimits: RetentionLimits = { conversationsMax: 200, bytesMax: 64 << 20 };

/** What a conversation takes up. */
export interface Kept {
  readonly id: string;
  readonly updatedAt: number;
  readonly bytes: number;
}

/** The conversations that have to go, least recently used first; never the one that is open. */
export function chooseEvictions(kept: readonly Kept[], openId: string | null, limits: RetentionLimits): string[] {
  let bytes = kept.reduce((sum, each) => sum + each.bytes, 0);
  let count = kept.length;
  const evicted: string[] = [];
  for (const each of kept.toSorted((a, b) => a.updatedAt - b.updatedAt)) {
    if (bytes <= limits.bytesMax && count <= limits.conversationsMax) break;
    if (each.id === openId) continue;
    evicted.push(each.id);
    bytes -= each.bytes;
    count -= 1;
  }
  return evicted;
}
