import { appendToOutbox } from "@koinon/bus/outbox";
import { ReceiptsLogged } from "@koinon/contracts/koinon/poi/v1/log_service";
import type { Queryable } from "@koinon/postgres/sql";
import { type Hex, hexToBytes } from "@koinon/secp256k1/hex";

/** Writes the event that says which receipts are in the log and where; receipts that came again are told again. */
export async function announceLogged(sql: Queryable, token: string, logged: ReadonlyMap<Hex, bigint>): Promise<void> {
  if (logged.size === 0) return;
  const receipts = Array.from(logged, ([id, index]) => ({ receiptId: hexToBytes(id), index }));
  const payload = ReceiptsLogged.encode({ receipts }).finish();
  await appendToOutbox(sql, [{ subject: `koinon.poi.v1.logged.${token}`, payload }]);
}
