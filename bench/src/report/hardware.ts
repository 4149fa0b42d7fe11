import { cpus, totalmem, type } from "node:os";

/** What the figures were taken on. */
export interface Hardware {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly system: string;
  readonly node: string;
}

/** The machine this process runs on. */
export function describeHardware(): Hardware {
  const processors = cpus();
  return {
    cpu: processors[0]?.model.trim() ?? "unknown",
    cores: processors.length,
    memoryBytes: totalmem(),
    system: `${type()} ${process.arch}`,
    node: process.version,
  };
}
