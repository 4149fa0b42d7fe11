import { ShortHex } from "../controls/short-hex.tsx";
import table from "../controls/table.module.css";
import { TableFrame } from "../controls/table-frame.tsx";
import { shortMomentText } from "../controls/time-text.ts";
import { formatCreditsAligned, groupThousands } from "../credits/amount.ts";
import type { Contribution } from "../gateway/contributions.ts";
import { PartySeal } from "../network/party-seal.tsx";

/** Contributions by party, kind of work and model. */
export function ContributionTable({ contributions }: { readonly contributions: readonly Contribution[] }) {
  return (
    <TableFrame label="Contributions">
      <thead>
        <tr>
          <th>Party</th>
          <th>Model</th>
          <th data-number>Receipts</th>
          <th data-number>Tokens in + out</th>
          <th data-number>Fees, cr</th>
          <th data-number>Last</th>
        </tr>
      </thead>
      <tbody>
        {contributions.map((contribution) => (
          <Row
            key={`${contribution.provider} ${contribution.kind} ${contribution.manifest}`}
            contribution={contribution}
          />
        ))}
      </tbody>
    </TableFrame>
  );
}

function Row({ contribution }: { readonly contribution: Contribution }) {
  const { provider, providerName, kind, manifest, model, receipts, inputUnits, outputUnits, fee, firstAt, lastAt } =
    contribution;
  const units = (count: bigint): string => groupThousands(count.toString());
  return (
    <tr data-testid="contribution-row">
      <td>
        <span className={table.party}>
          <PartySeal address={provider} size={24} />
          <span>
            <strong>{providerName ?? "Not registered now"}</strong>
            <small>
              <ShortHex value={provider} ends={4} />
            </small>
          </span>
        </span>
      </td>
      <td data-label="Model">
        <span>
          {model ?? <ShortHex value={manifest} />}
          <small>{kind}</small>
        </span>
      </td>
      <td data-number data-label="Receipts">
        {groupThousands(String(receipts))}
      </td>
      <td data-number data-label="Tokens in + out">
        {units(inputUnits)} + {units(outputUnits)}
      </td>
      <td data-number data-label="Fees, cr">
        {formatCreditsAligned(fee)}
      </td>
      <td data-number data-label="Last">
        <span>
          {shortMomentText(lastAt)}
          <small>since {shortMomentText(firstAt)}</small>
        </span>
      </td>
    </tr>
  );
}
