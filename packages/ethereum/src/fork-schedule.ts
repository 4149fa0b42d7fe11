import { invariant } from "@koinon/errors/invariant";
import type { BlobParameters } from "./blob-fee.ts";
import type { Fork } from "./fork.ts";

/** When a rule set, or a change of blob parameters alone (EIP-7892), comes into force. */
export interface ForkActivation {
  readonly name: string;
  readonly fork: Fork;
  /** Seconds since the epoch: the first block of this time or later follows it. */
  readonly timestamp: bigint;
  readonly blobs: BlobParameters;
}

/** Which rules hold when. */
export class ForkSchedule {
  /** By time, and in protocol order at one time. */
  readonly activations: readonly ForkActivation[];

  /** The first activation holds from genesis on, whatever its time; later ones must not be out of order. */
  constructor(activations: readonly ForkActivation[]) {
    invariant(activations.length > 0, "a fork schedule has at least one activation");
    for (const [index, activation] of activations.entries()) {
      const before = activations[index - 1];
      invariant(
        before === undefined || before.timestamp <= activation.timestamp,
        "fork activations are in order of time",
      );
    }
    this.activations = activations;
  }

  /** The rule set of a block with this timestamp in seconds. */
  forkAt(timestamp: bigint): Fork {
    return this.activationAt(timestamp).fork;
  }

  /** The blob parameters of a block with this timestamp in seconds. */
  blobsAt(timestamp: bigint): BlobParameters {
    return this.activationAt(timestamp).blobs;
  }

  private activationAt(timestamp: bigint): ForkActivation {
    const [first, ...later] = this.activations;
    const active = later.findLast((activation) => activation.timestamp <= timestamp) ?? first;
    invariant(active !== undefined, "a fork schedule has at least one activation");
    return active;
  }
}

/** Blob parameters of mainnet's forks (EIP-4844, EIP-7691). */
export const mainnetBlobs: Readonly<Record<Fork, BlobParameters>> = {
  cancun: { target: 3, max: 6, baseFeeUpdateFraction: 3_338_477n },
  prague: { target: 6, max: 9, baseFeeUpdateFraction: 5_007_716n },
  osaka: { target: 6, max: 9, baseFeeUpdateFraction: 5_007_716n },
};
