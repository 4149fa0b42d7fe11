import { useEffect, useRef, useState } from "react";
import { faultOf, type GatewayFault } from "../gateway/fault.ts";
import type { AdminCall } from "../gateway/gateway-client.ts";

/** A change that is under way, or what became of it. */
export interface AdminAction {
  readonly isRunning: boolean;
  readonly fault: GatewayFault | null;
  run(action: (call: AdminCall) => Promise<void>): void;
}

/** Runs one change at a time; leaving drops it. */
export function useAdminAction(call: (signal: AbortSignal) => AdminCall): AdminAction {
  const [isRunning, setRunning] = useState(false);
  const [fault, setFault] = useState<GatewayFault | null>(null);
  const abort = useRef<AbortController>(null);
  useEffect(() => () => abort.current?.abort(), []);
  const perform = async (action: (call: AdminCall) => Promise<void>): Promise<void> => {
    const own = new AbortController();
    abort.current = own;
    setRunning(true);
    setFault(null);
    try {
      await action(call(own.signal));
    } catch (error) {
      if (!own.signal.aborted) setFault(faultOf(error) ?? null);
    } finally {
      if (!own.signal.aborted) setRunning(false);
    }
  };
  return {
    isRunning,
    fault,
    run: (action) => {
      if (!isRunning) void perform(action);
    },
  };
}
