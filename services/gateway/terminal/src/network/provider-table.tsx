import { ShortHex } from "../controls/short-hex.tsx";
import table from "../controls/table.module.css";
import { TableFrame } from "../controls/table-frame.tsx";
import { agoText } from "../controls/time-text.ts";
import { groupThousands } from "../credits/amount.ts";
import type { Provider } from "../gateway/offers.ts";
import { useTerminal } from "../terminal-context.ts";
import { PartySeal } from "./party-seal.tsx";
import { ProviderStateText } from "./provider-state-text.tsx";

/** Every registered party with its health. */
export function ProviderTable({ providers }: { readonly providers: readonly Provider[] }) {
  return (
    <TableFrame label="Providers">
      <thead>
        <tr>
          <th>Provider</th>
          <th>State</th>
          <th>Region</th>
          <th data-number>First byte</th>
          <th data-number>In hand</th>
          <th data-number>Served</th>
          <th data-number>Failed</th>
          <th data-number>Seen</th>
        </tr>
      </thead>
      <tbody>
        {providers.map((provider) => (
          <Row key={provider.address} provider={provider} />
        ))}
      </tbody>
    </TableFrame>
  );
}

function Row({ provider }: { readonly provider: Provider }) {
  const { now } = useTerminal();
  const { address, name, state, stateReason, region, latencyMs, active, capacity, served, failed, lastSeen } = provider;
  return (
    <tr data-testid="provider-row" data-state={state}>
      <td>
        <span className={table.party}>
          <PartySeal address={address} size={30} />
          <span>
            <strong>{name}</strong>
            <small>
              <ShortHex value={address} ends={4} />
            </small>
          </span>
        </span>
      </td>
      <td data-label="State">
        <ProviderStateText state={state} reason={stateReason} />
      </td>
      <td data-label="Region">{region}</td>
      <td data-number data-label="First byte">
        {latencyMs === 0 ? "unknown" : `${latencyMs} ms`}
      </td>
      <td data-number data-label="In hand">
        {active} of {capacity}
      </td>
      <td data-number data-label="Served">
        {groupThousands(String(served))}
      </td>
      <td data-number data-label="Failed">
        {groupThousands(String(failed))}
      </td>
      <td data-number data-label="Seen">
        {agoText(lastSeen, now())}
      </td>
    </tr>
  );
}
