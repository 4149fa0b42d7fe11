import type { Bus, Consumption, Durable } from "@koinon/bus/bus";
import { PoisonMessage } from "@koinon/bus/bus-error";
import { ReceiptsLogged } from "@koinon/contracts/koinon/poi/v1/log_service";
import { bytesToHex } from "@koinon/secp256k1/hex";
import type { MoneyStore } from "../accounts/money-store.ts";

/** The log says which receipts it has appended. */
export const loggedEvents: Durable = { durable: "market-logged", subject: "koinon.poi.v1.logged.>" };

/** Notes where settled receipts are in the log. Marking is idempotent, so no inbox is needed. */
export async function consumeLogged(deps: { bus: Bus; money: Pick<MoneyStore, "markLogged"> }): Promise<Consumption> {
  return await deps.bus.consume({
    ...loggedEvents,
    maxDeliveries: 20,
    async handler({ payload }) {
      const { receipts } = decode(payload);
      await deps.money.markLogged(
        receipts.map(({ receiptId, index }) => ({ receiptId: bytesToHex(receiptId), index })),
      );
    },
  });
}

function decode(payload: Uint8Array): ReceiptsLogged {
  try {
    return ReceiptsLogged.decode(payload);
  } catch (cause) {
    throw new PoisonMessage({ code: "POISON_MESSAGE", reason: "not a ReceiptsLogged message" }, { cause });
  }
}
