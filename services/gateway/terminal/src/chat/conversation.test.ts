import { describe, expect, test } from "@jest/globals";
import {
  type Answer,
  answersOf,
  asFound,
  beforeTurn,
  type Conversation,
  chosenAnswer,
  mapAnswer,
  type Turn,
  titleOf,
  withAnswer,
  withChosen,
  withTurn,
} from "./conversation.ts";

const answer = (id: string, state: Answer["state"] = "complete"): Answer => ({
  id,
  state,
  model: "m",
  head: null,
  askedAt: 0,
  firstByteAt: null,
  endedAt: null,
  reason: null,
  fault: null,
  turnsLeftOut: 0,
});
const turn = (id: string): Turn => ({ id, prompt: id, answers: [answer(`${id}1`)], chosen: 0 });
const empty: Conversation = { id: "c", title: "t", createdAt: 0, updatedAt: 0, turns: [] };
const two = withTurn(withTurn(empty, turn("a"), 1), turn("b"), 2);

describe("conversation", () => {
  test("turns are added at the end", () => {
    expect(two.turns.map(({ id }) => id)).toEqual(["a", "b"]);
    expect(two.updatedAt).toBe(2);
  });

  test("editing goes on from before the turn, and an unknown turn changes nothing", () => {
    expect(beforeTurn(two, "b").turns.map(({ id }) => id)).toEqual(["a"]);
    expect(beforeTurn(two, "z")).toBe(two);
  });

  test("regenerating adds an answer and chooses it; the choice can be changed, but not to what is not there", () => {
    const again = withAnswer(two, "a", answer("a2"), 3);
    expect(chosenAnswer(again.turns[0] as Turn)?.id).toBe("a2");
    expect(chosenAnswer(withChosen(again, "a", 0).turns[0] as Turn)?.id).toBe("a1");
    expect(withChosen(again, "a", 7)).toEqual(again);
  });

  test("answers of one turn are bounded", () => {
    let many = two;
    for (let index = 0; index < 50; index += 1) many = withAnswer(many, "a", answer(`x${index}`), index);
    expect(many.turns[0]?.answers).toHaveLength(20);
    expect(chosenAnswer(many.turns[0] as Turn)?.id).toBe("x49");
  });

  test("one answer changes, the others stay the same objects", () => {
    const changed = mapAnswer(two, "b1", (each) => ({ ...each, state: "broken" }));
    expect(answersOf(changed).map(({ state }) => state)).toEqual(["complete", "broken"]);
    expect(changed.turns[0]).toBe(two.turns[0]);
  });

  test.each(["waiting", "streaming"] as const)("an answer found %s in storage is broken, not complete", (state) => {
    const found = asFound(withAnswer(two, "b", answer("b2", state), 3));
    expect(answersOf(found).map((each) => each.state)).toEqual(["complete", "complete", "broken"]);
  });

  test.each([
    ["", "Untitled"],
    ["  Hello\n there", "Hello"],
    ["word ".repeat(40), `${"word ".repeat(12).trim()}…`],
    ["x".repeat(80), `${"x".repeat(60)}…`],
  ])("the title of %j is %j", (prompt, title) => expect(titleOf(prompt)).toBe(title));
});
