import { ChartNoAxesColumn, KeyRound, type LucideIcon, MessageSquare, Network, ReceiptText } from "lucide-react";
import type { PageName, Route } from "../routing/route.ts";

/** A page as the navigation shows it. */
export interface PageEntry {
  readonly name: PageName;
  readonly label: string;
  /** For the tab bar, where there is little room. */
  readonly shortLabel: string;
  readonly icon: LucideIcon;
  readonly route: Route;
}

/** The pages in the order of the navigation. */
export const pages: readonly PageEntry[] = [
  {
    name: "chat",
    label: "Chat",
    shortLabel: "Chat",
    icon: MessageSquare,
    route: { page: "chat", conversationId: null },
  },
  {
    name: "receipts",
    label: "Receipts",
    shortLabel: "Receipts",
    icon: ReceiptText,
    route: { page: "receipts", receiptId: null },
  },
  { name: "network", label: "Network", shortLabel: "Network", icon: Network, route: { page: "network" } },
  {
    name: "contributions",
    label: "Contributions",
    shortLabel: "Contributions",
    icon: ChartNoAxesColumn,
    route: { page: "contributions" },
  },
  { name: "keys", label: "Keys and budgets", shortLabel: "Keys", icon: KeyRound, route: { page: "keys" } },
];
