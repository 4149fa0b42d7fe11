import { useState } from "react";
import { Button } from "../controls/button.tsx";
import { FaultNotice } from "../controls/fault-notice.tsx";
import { Figures } from "../controls/figures.tsx";
import { formatCredits, groupThousands } from "../credits/amount.ts";
import type { Contribution } from "../gateway/contributions.ts";
import { EmptyNote, PageFrame, PageSection } from "../shell/page-frame.tsx";
import { usePagedList } from "../state/use-paged-list.ts";
import { useStore } from "../state/use-store.ts";
import { useTerminal } from "../terminal-context.ts";
import { CheckpointCard } from "./checkpoint-card.tsx";
import { ContributionTable } from "./contribution-table.tsx";
import { ShareChart } from "./share-chart.tsx";
import { sharesOf } from "./shares.ts";

/** Who did how much: computed from the log alone, so that anybody who reads it gets the same figures. */
export function ContributionsPage() {
  const { gateway, apiKey } = useTerminal();
  const key = useStore(apiKey);
  const [treeSize, setTreeSize] = useState<number | null>(null);
  const { list, state } = usePagedList<Contribution>(async (token, signal) => {
    const page = await gateway.listContributions(token, signal);
    setTreeSize(page.treeSize);
    return page;
  }, key ?? "");
  const shares = sharesOf(state.items);
  const receipts = shares.reduce((sum, share) => sum + share.receipts, 0);
  const fees = shares.reduce((sum, { fee }) => sum + fee, 0n);
  return (
    <PageFrame
      title="Contributions"
      lead="Computed from the log and nothing else. Whoever reads the log's tiles and runs the same function gets these figures to the last micro-credit."
    >
      {state.fault !== null && <FaultNotice fault={state.fault} />}
      {treeSize !== null && (
        <Figures
          figures={[
            {
              label: "Entries in the log",
              value: groupThousands(String(treeSize)),
              note: "at the time of these figures",
            },
            { label: "Receipts", value: groupThousands(String(receipts)) },
            { label: "Parties", value: shares.length },
            { label: "Fees earned", value: formatCredits(fees), note: "credits" },
          ]}
        />
      )}
      {shares.length > 0 && (
        <PageSection title="Share of the fees">
          <ShareChart shares={shares} />
        </PageSection>
      )}
      {state.items.length > 0 && (
        <PageSection title="By party and model">
          <ContributionTable contributions={state.items} />
          {state.hasMore && (
            <Button onClick={() => void list.more()} disabled={state.isLoading}>
              Show more
            </Button>
          )}
        </PageSection>
      )}
      {treeSize !== null && state.items.length === 0 && (
        <EmptyNote title="Nobody has served anything yet">The first answer makes the first entry.</EmptyNote>
      )}
      <PageSection title="The log's checkpoint">
        <CheckpointCard />
      </PageSection>
    </PageFrame>
  );
}
