import type { ReservationRequest } from "./money-store.ts";

/** A reservation that counts, and the moment from which it survives a crash of the database. */
export interface AheadReservation {
  readonly outcome: "reserved" | "duplicate";
  /** Rejects when that can not be known; the reservation must then be treated as lost and given back. */
  readonly durable: Promise<void>;
}

/** A money store whose reservations can be had before the disk has them. */
export interface ReservesAhead {
  /**
   * Reserves like `reserve`, but answers before the disk does. The money is set aside for everybody from then on; who dispatches on it must
   * wait for `durable` before the client gets a byte of the answer. When the database crashes in between, the reservation is made again as
   * soon as it is back; only when that takes too long, or the budget has gone meanwhile, is the request forgotten as a whole: a receipt for it
   * is for an answer that nobody got, and is refused.
   */
  reserveAhead(request: ReservationRequest): Promise<AheadReservation>;
}
