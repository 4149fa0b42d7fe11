/** A node did nothing with a load in its time, or could not tell what it did: at the same size it does no better with another load. */
export class NodeTooSlow extends Error {}
