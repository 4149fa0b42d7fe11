import {
  JetStreamApiError,
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from "@nats-io/jetstream";
import { nanos } from "@nats-io/transport-node";
import type { NetworkNames } from "./network-names.ts";
import { domainOf, isDeadLetterSubject } from "./subject.ts";

/** Bounds of the streams. */
export interface StreamLimits {
  /** Copies of each stream in a NATS cluster; a stream that has more keeps them. Default 1. */
  readonly replicas?: number;
  /** Default 7 days; dead letters are kept four times as long. */
  readonly ageMsMax?: number;
  /** Default 1 GiB per stream; the oldest events go first, their owners publish again what was never confirmed. */
  readonly sizeBytesMax?: number;
}

const weekMs = 7 * 24 * 3_600_000;
const duplicateWindowMs = 120_000;
const nameInUse = 10_058;

/** Creates the stream of a subject, or brings its settings up to date; safe to call from several replicas at once. */
export async function ensureStream(
  manager: JetStreamManager,
  subject: string,
  { names, limits }: { readonly names: NetworkNames; readonly limits: StreamLimits },
): Promise<string> {
  const wanted = streamConfig(subject, names, limits);
  try {
    await manager.streams.add(wanted);
  } catch (error) {
    if (!(error instanceof JetStreamApiError) || error.code !== nameInUse) throw error;
    // Members with other settings, such as the former release's during an update, must not take copies away from each other's streams.
    const { num_replicas: present } = (await manager.streams.info(wanted.name)).config;
    await manager.streams.update(wanted.name, { ...wanted, num_replicas: Math.max(present, wanted.num_replicas) });
  }
  return wanted.name;
}

function streamConfig(
  subject: string,
  names: NetworkNames,
  limits: StreamLimits,
): Partial<StreamConfig> & { name: string; num_replicas: number } {
  const isDeadLetters = isDeadLetterSubject(subject);
  const ageMs = (limits.ageMsMax ?? weekMs) * (isDeadLetters ? 4 : 1);
  return {
    name: names.stream(subject),
    subjects: [names.outward(`${isDeadLetters ? "koinon-dlq" : "koinon"}.${domainOf(subject)}.>`)],
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    num_replicas: limits.replicas ?? 1,
    max_age: nanos(ageMs),
    max_bytes: limits.sizeBytesMax ?? 2 ** 30,
    duplicate_window: nanos(duplicateWindowMs),
  };
}
