import type { CallObservation, OutgoingObservation, RpcObserver } from "./observer.ts";
import type { RpcError } from "./rpc-error.ts";
import type { Status } from "./status.ts";

/** Several observers as one; the first is outermost. Undefined when there is none. */
export function composeObservers(observers: readonly RpcObserver[]): RpcObserver | undefined {
  const [first, ...rest] = observers;
  if (first === undefined || rest.length === 0) return first;
  return {
    served: (path, metadata) => combine(observers.map((observer) => observer.served(path, metadata))),
    called: (path): OutgoingObservation => {
      const parts = observers.map((observer) => observer.called(path));
      const metadata = Object.assign({}, ...parts.map((part) => part.metadata));
      return { ...combine(parts), metadata };
    },
  };
}

function combine(parts: readonly CallObservation[]): CallObservation {
  const running = parts.filter((part) => part.run !== undefined);
  const end = (status: Status, error: RpcError | undefined): void => {
    for (const part of parts) part.end(status, error);
  };
  if (running.length === 0) return { end };
  return {
    run: (work) =>
      running.reduceRight<() => ReturnType<typeof work>>((next, part) => () => part.run?.(next) ?? next(), work)(),
    end,
  };
}
