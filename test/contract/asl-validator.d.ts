declare module 'asl-validator' {
  /** Checks a definition against the language's schema; the package brings no types. */
  export default function validate(definition: unknown): { isValid: boolean; errors: { Message: string }[] };
}
