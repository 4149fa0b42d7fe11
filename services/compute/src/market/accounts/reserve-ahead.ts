import type { ReservationRequest } from "./money-store.ts";
import type { ForecastRequest } from "./reservation-forecast.ts";

/** A money store for who sends requests out while their reservations are being written. */
export interface ReservesAhead {
  /**
   * True when this reservation will be granted, as far as this process knows. It may be wrong: who sends a request out on the strength of it
   * calls it back when the reservation is refused.
   */
  isLikely(request: ForecastRequest): boolean;
  /**
   * Reserves like `reserve` for a request that is with its provider already. When the database is lost meanwhile, the reservation is made again
   * as soon as it is back: the receipts of a session are a chain, and what is signed behind a receipt that can not be settled has to be signed
   * again. Only when that takes too long, or the budget has gone, is the request forgotten as a whole.
   */
  reserveAhead(request: ReservationRequest): Promise<"reserved" | "duplicate">;
}
