import { cpus, totalmem, type } from "node:os";
import { implementation } from "@koinon/secp256k1/ecdsa";
import { countRecoveries, timeMemoryRead } from "./machine-speed.ts";

/** What the figures were taken on. */
export interface Hardware {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly system: string;
  readonly node: string;
  /** A read of memory whose place only the one before tells, over 128 MiB, ns: what busy neighbours of a virtual machine change most. */
  readonly memoryReadNs: number;
  /** Which library recovers signers (see @koinon/secp256k1), and how many one core does in a second. */
  readonly curve: string;
  readonly recoveriesPerSecond: number;
}

/** The machine this process runs on, and how fast it is at this moment; takes about a second. */
export function describeHardware(): Hardware {
  const processors = cpus();
  return {
    cpu: processors[0]?.model.trim() ?? "unknown",
    cores: processors.length,
    memoryBytes: totalmem(),
    system: `${type()} ${process.arch}`,
    node: process.version,
    memoryReadNs: timeMemoryRead(),
    curve: implementation,
    recoveriesPerSecond: countRecoveries(),
  };
}
