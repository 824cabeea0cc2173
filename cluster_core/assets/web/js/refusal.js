// A problem that a visitor can do something about, as one sentence.

export class Refusal extends Error {}
