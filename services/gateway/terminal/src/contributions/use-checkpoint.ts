import { useEffect, useState } from "react";
import { faultOf, type GatewayFault } from "../gateway/fault.ts";
import { useStore } from "../state/use-store.ts";
import { useTerminal } from "../terminal-context.ts";
import type { CheckpointFinding } from "../verification/checkpoint.ts";

/** The log's newest checkpoint, looked at with the pinned keys. */
export interface NewestCheckpoint {
  readonly finding: CheckpointFinding | null;
  readonly fault: GatewayFault | null;
}

const refreshMs = 10_000;

/** Follows the log while the component is on the page. */
export function useCheckpoint(): NewestCheckpoint {
  const { gateway, verifier, trust } = useTerminal();
  const pinned = useStore(trust.state).pinned;
  const [newest, setNewest] = useState<NewestCheckpoint>({ finding: null, fault: null });
  useEffect(() => {
    if (pinned === null) return;
    const stop = new AbortController();
    const look = async (): Promise<void> => {
      try {
        const text = await gateway.getCheckpoint(stop.signal);
        const finding = await verifier.inspectCheckpoint(text, pinned.bytes);
        if (!stop.signal.aborted) setNewest({ finding, fault: null });
      } catch (error) {
        const fault = faultOf(error);
        if (!stop.signal.aborted && fault !== undefined) setNewest(({ finding }) => ({ finding, fault }));
      }
    };
    void look();
    const timer = setInterval(() => void look(), refreshMs);
    return () => {
      stop.abort();
      clearInterval(timer);
    };
  }, [gateway, verifier, pinned]);
  return newest;
}
