/** Something that a checker does not like about a resource. */
export interface Finding {
  /** The checker's name for it, as in CKV_AWS_18. */
  readonly rule: string;
  /** `<environment>/<stack>/<path of the construct>` */
  readonly resource: string;
  /** Which of several such findings about the resource; empty where there can be one. */
  readonly detail: string;
  /** What is wrong, in the checker's words. */
  readonly message: string;
}

/** What a checker says about all that it was given. */
export interface Verdict {
  readonly findings: readonly Finding[];
  /** What was judged: templates, or state machines, by how a {@link Finding.resource} in them begins. */
  readonly judged: readonly string[];
}
