import { ShortHex } from "../controls/short-hex.tsx";
import table from "../controls/table.module.css";
import { TableFrame } from "../controls/table-frame.tsx";
import { durationText, momentText, shortMomentText } from "../controls/time-text.ts";
import { formatCreditsAligned, groupThousands } from "../credits/amount.ts";
import type { Settlement } from "../gateway/settlements.ts";
import { PartySeal } from "../network/party-seal.tsx";
import { Link } from "../routing/link.tsx";
import { useTerminal } from "../terminal-context.ts";
import { placeOf } from "./receipt-filter.ts";
import styles from "./receipts-page.module.css";

/** Receipts, newest first. */
export function ReceiptTable({ settlements }: { readonly settlements: readonly Settlement[] }) {
  return (
    <TableFrame label="Receipts">
      <thead>
        <tr>
          <th>Asked</th>
          <th>Model</th>
          <th>Provider</th>
          <th data-number>Tokens</th>
          <th data-number>Took</th>
          <th data-number>Fee</th>
          <th>Log</th>
        </tr>
      </thead>
      <tbody>
        {settlements.map((settlement) => (
          <Row key={settlement.requestId} settlement={settlement} />
        ))}
      </tbody>
    </TableFrame>
  );
}

function Row({ settlement }: { readonly settlement: Settlement }) {
  const { router } = useTerminal();
  const { requestId, reservedAt, startedAt, finishedAt, providerName, provider, inputUnits, outputUnits, fee } =
    settlement;
  const route = { page: "receipts", receiptId: requestId } as const;
  const tokens =
    inputUnits === null ? "–" : `${groupThousands(String(inputUnits))} + ${groupThousands(String(outputUnits ?? 0))}`;
  return (
    // The link in the first cell is what the keyboard uses; the whole row is a larger target for the pointer.
    <tr data-clickable data-testid="receipt-row" onClick={() => router.navigate(route)}>
      <td>
        <Link
          to={route}
          className={styles.open}
          title={momentText(reservedAt)}
          onClick={(event) => event.stopPropagation()}
        >
          {shortMomentText(reservedAt)}
        </Link>
        <small>
          <ShortHex value={requestId} />
        </small>
      </td>
      <td data-label="Model">{settlement.model}</td>
      <td data-label="Provider">
        <span className={table.party}>
          {provider !== null && <PartySeal address={provider} size={22} />}
          {providerName || "–"}
        </span>
      </td>
      <td data-number data-label="Tokens">
        {tokens}
      </td>
      <td data-number data-label="Took">
        {startedAt === null || finishedAt === null ? "–" : durationText(finishedAt - startedAt)}
      </td>
      <td data-number data-label="Fee">
        {fee === null ? "–" : `${formatCreditsAligned(fee)} cr`}
      </td>
      <td data-label="Log">
        <Place settlement={settlement} />
      </td>
    </tr>
  );
}

function Place({ settlement }: { readonly settlement: Settlement }) {
  const { logIndex, outcome, voidReason } = settlement;
  const place = placeOf(settlement);
  const ending = outcome === null || outcome === "complete" ? null : outcome;
  return (
    <span className={styles.place} data-place={place} title={voidReason ?? undefined}>
      {place === "logged" ? `#${groupThousands(String(logIndex))}` : place}
      {ending !== null && <small>{ending}</small>}
    </span>
  );
}
