/** The pages. Each is one path; what is open on it stands in the path or the query. */
export type Route =
  | { readonly page: "chat" /** Null is a new conversation. */; readonly conversationId: string | null }
  | { readonly page: "receipts" /** Request or receipt id that is open. */; readonly receiptId: string | null }
  | { readonly page: "network" }
  | { readonly page: "contributions" }
  | { readonly page: "keys" }
  | { readonly page: "not-found" };

export type PageName = Exclude<Route["page"], "not-found">;

const idPattern = /^[A-Za-z0-9_-]{1,80}$/;

/** The route that a path stands for. */
export function routeFromPath(pathname: string): Route {
  const [page = "", id, ...rest] = pathname.split("/").slice(1);
  const notFound: Route = { page: "not-found" };
  if (rest.length > 0 || (id !== undefined && id !== "" && !idPattern.test(id))) return notFound;
  const idOrNull = id || null;
  switch (page) {
    case "":
    case "index.html":
      return idOrNull === null ? { page: "chat", conversationId: null } : notFound;
    case "chat":
      return { page: "chat", conversationId: idOrNull };
    case "receipts":
      return { page: "receipts", receiptId: idOrNull };
    case "network":
    case "contributions":
    case "keys":
      return idOrNull === null ? { page } : notFound;
    default:
      return notFound;
  }
}

/** The path of a route. */
export function pathOfRoute(route: Route): string {
  switch (route.page) {
    case "chat":
      return route.conversationId === null ? "/" : `/chat/${route.conversationId}`;
    case "receipts":
      return route.receiptId === null ? "/receipts" : `/receipts/${route.receiptId}`;
    case "not-found":
      return "/";
    default:
      return `/${route.page}`;
  }
}
