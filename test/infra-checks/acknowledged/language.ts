import type { Acknowledgement } from '../acknowledgement.ts';

const ON = ['*/farol-orchestrator/Release/StateMachine'];

/** What checkers say about Amazon States Language that is newer than their rules, or stricter than the language. */
export const LANGUAGE: readonly Acknowledgement[] = [
  {
    rule: 'statelint',
    detail: 'State Machine.States.{}.BackoffRate is 2 but should be a Float',
    on: ON,
    reason: 'The language asks for a number of at least 1.0; JSON knows one kind of number, and 2 is 2.0.',
  },
  {
    rule: 'statelint',
    detail: 'State Machine.States.{}.TimeoutSeconds is "{% {} %}" but should be an Integer',
    on: ON,
    reason:
      'In JSONata, TimeoutSeconds may be an expression ("Transforming data with JSONata", Step Functions Developer Guide).',
  },
  {
    rule: 'E3601',
    detail: "'{% {} %}' is not of type 'number' at 'States/{}/TimeoutSeconds'",
    on: ON,
    reason: 'As above: cfn-lint’s schema of the language is older.',
  },
  {
    rule: 'statelint',
    detail: 'State Machine.States.{}.Seconds is "{% {} %}" but should be an Integer',
    on: ON,
    reason: 'In JSONata, Seconds may be an expression ("Wait workflow state", Step Functions Developer Guide).',
  },
];
