import { Link } from "../routing/link.tsx";
import { PageFrame } from "./page-frame.tsx";

/** An address that is no page. */
export function NotFoundPage() {
  return (
    <PageFrame title="There is no such page">
      <p>
        <Link to={{ page: "chat", conversationId: null }}>Go to the chat</Link>
      </p>
    </PageFrame>
  );
}
