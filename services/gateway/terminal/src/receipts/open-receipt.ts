import type { Terminal } from "../terminal.ts";
import type { GivenProof } from "./dropped-files.ts";

/** Opens the proof of a request, by request id or receipt id, with its bytes where this browser has them. */
export async function openReceipt(terminal: Terminal, id: string, signal: AbortSignal): Promise<void> {
  const { gateway, records, proofs, openProof } = terminal;
  const requestId = id.startsWith("0x") ? (await gateway.getSettlement(id, signal)).requestId : id;
  const exchange = await records.findExchange(requestId);
  signal.throwIfAborted();
  const proofId = `receipt:${requestId}`;
  proofs.prove({
    id: proofId,
    requestId,
    bundle: null,
    request: exchange?.request ?? null,
    response: exchange?.response ?? null,
    screen: null,
  });
  openProof.set({ proofId, ending: "complete" });
}

/** Opens the proof in files that somebody gave. */
export function openGivenProof({ proofs, openProof, newId }: Terminal, given: GivenProof): void {
  const proofId = `file:${newId()}`;
  proofs.prove({ id: proofId, requestId: null, ...given, screen: null });
  openProof.set({ proofId, ending: "complete" });
}
