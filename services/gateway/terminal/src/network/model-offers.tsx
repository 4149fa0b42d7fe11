import { CopyButton } from "../controls/copy-button.tsx";
import { ShortHex } from "../controls/short-hex.tsx";
import table from "../controls/table.module.css";
import { TableFrame } from "../controls/table-frame.tsx";
import { shortMomentText } from "../controls/time-text.ts";
import { formatCredits, groupThousands } from "../credits/amount.ts";
import { feeOf } from "../credits/fee.ts";
import type { Model, ModelOffer } from "../gateway/offers.ts";
import styles from "./network-page.module.css";
import { PartySeal } from "./party-seal.tsx";
import { ProviderStateText } from "./provider-state-text.tsx";
import { WholeManifest } from "./whole-manifest.tsx";

const tokensCompared = 1_000_000;

/** One model with everybody's price for it. */
export function ModelOffers({ model }: { readonly model: Model }) {
  const offers = model.offers.toSorted(comparePrice);
  const lowest = offers.find(({ state }) => state === "healthy");
  return (
    <section className={styles.model} data-testid="model">
      <header className={styles.modelHeader}>
        <h3>{model.id}</h3>
        <p>
          {model.kind}, {groupThousands(String(model.contextTokens))} tokens of context, {model.licence}, manifest{" "}
          <ShortHex value={model.manifest} />
          <CopyButton text={model.manifest} label="Copy manifest hash" />
        </p>
      </header>
      <WholeManifest hash={model.manifest} />
      <TableFrame label={`Offers of ${model.id}`}>
        <thead>
          <tr>
            <th>Provider</th>
            <th>State</th>
            <th data-number>Input</th>
            <th data-number>Output</th>
            <th data-number>Per request</th>
            <th data-number>Quote holds until</th>
          </tr>
        </thead>
        <tbody>
          {offers.map((offer) => (
            <Row key={offer.provider} offer={offer} isLowest={offer === lowest && offers.length > 1} />
          ))}
        </tbody>
      </TableFrame>
    </section>
  );
}

/** By the price of as many tokens in as out. */
function comparePrice(a: ModelOffer, b: ModelOffer): number {
  const difference = feeOf(a, tokensCompared, tokensCompared) - feeOf(b, tokensCompared, tokensCompared);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

function Row({ offer, isLowest }: { readonly offer: ModelOffer; readonly isLowest: boolean }) {
  const { provider, providerName, state, inputPrice, outputPrice, requestPrice, validUntil } = offer;
  return (
    <tr>
      <td>
        <span className={table.party}>
          <PartySeal address={provider} size={22} />
          <span>
            {providerName}
            {isLowest && <span className={styles.lowest}>lowest</span>}
          </span>
        </span>
      </td>
      <td data-label="State">
        <ProviderStateText state={state} />
      </td>
      <td data-number data-label="Input, per M">
        {formatCredits(inputPrice)}
      </td>
      <td data-number data-label="Output, per M">
        {formatCredits(outputPrice)}
      </td>
      <td data-number data-label="Per request">
        {formatCredits(requestPrice)}
      </td>
      <td data-number data-label="Holds until">
        {shortMomentText(validUntil)}
      </td>
    </tr>
  );
}
