import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LedgerPart } from '#core/contract/ledger.ts';

/** Of the ledger, a right is named with the part whose table it is on. */
const on = (part: LedgerPart, ...actions: string[]): string[] => actions.map((action) => `dynamodb:${action} ${part}`);
/** An entry of the chain follows from the last one. */
const APPEND = on('entries', 'Query', 'PutItem');
/** What only the holder of the lock writes is checked against it in the same transaction. */
const CHECK = on('locks', 'ConditionCheckItem');
/** An entry of what a deployment did, beside what it wrote. */
const NOTE = [...APPEND, ...CHECK];
/** A change of the head is made of what it was. */
const HEAD = on('heads', 'GetItem', 'PutItem');
const TASKS = ['ecs:ListTasks', 'ecs:DescribeTasks'];
const REGISTER = ['ecs:RegisterTaskDefinition', 'ecs:TagResource', 'iam:PassRole'];

/**
 * The rights that the adapters of the ports need (functions/core/ports.ts), by what the functions call the port, then by
 * method: those of every call that the adapter may make, and those that AWS asks for on their account.
 */
export const RIGHTS: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  ledger: {
    head: on('heads', 'GetItem'),
    lock: on('locks', 'GetItem'),
    deployment: on('records', 'GetItem'),
    waiting: on('records', 'GetItem'),
    intent: on('changes', 'GetItem'),
    traffic: on('changes', 'GetItem'),
    settingsClaim: on('records', 'GetItem'),
    facts: [...on('facts', 'Query'), ...on('approvals', 'GetItem')],
    lastChange: on('changes', 'Query'),
    takeLock: [...APPEND, ...on('locks', 'PutItem'), ...on('records', 'PutItem')],
    refuse: [...APPEND, ...on('records', 'PutItem')],
    endDeployment: [...APPEND, ...on('locks', 'UpdateItem'), ...on('records', 'UpdateItem')],
    closeRecord: on('records', 'GetItem', 'UpdateItem'),
    savePlan: [...CHECK, ...on('records', 'GetItem', 'PutItem', 'UpdateItem')],
    claimSettings: on('records', 'PutItem'),
    saveFact: [...NOTE, ...on('facts', 'PutItem')],
    enqueue: [...NOTE, ...on('locks', 'GetItem'), ...on('records', 'GetItem', 'PutItem')],
    dequeue: on('records', 'PutItem'),
    writeIntent: [...NOTE, ...HEAD, ...on('changes', 'GetItem', 'PutItem')],
    settle: [...CHECK, ...on('changes', 'UpdateItem')],
    openChange: [...CHECK, ...on('changes', 'PutItem')],
    closeChange: [...CHECK, ...on('changes', 'UpdateItem', 'PutItem')],
    promote: [...NOTE, ...HEAD],
    freeze: [...NOTE, ...HEAD],
    unfreeze: [...NOTE, ...HEAD],
    note: NOTE,
  },
  anchors: { write: ['logs:CreateLogStream', 'logs:PutLogEvents'] },
  approvals: {
    ask: [...NOTE, ...on('approvals', 'GetItem', 'PutItem', 'UpdateItem')],
    approval: on('approvals', 'GetItem'),
    decide: [...NOTE, ...on('approvals', 'GetItem', 'PutItem', 'UpdateItem')],
  },
  roles: { role: ['iam:GetRole'] },
  settings: { settings: ['ssm:GetParameter'], all: ['ssm:GetParametersByPath'] },
  releases: {
    release: ['ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'],
    scan: ['ecr:DescribeImageScanFindings'],
    digest: ['ecr:DescribeImages'],
    newest: ['ecr:DescribeImages'],
  },
  builds: { build: ['codebuild:BatchGetBuilds'] },
  slots: {
    observe: [
      'ecs:DescribeServices',
      ...TASKS,
      'elasticloadbalancing:DescribeRules',
      'elasticloadbalancing:DescribeTargetHealth',
      'application-autoscaling:DescribeScalableTargets',
      'application-autoscaling:DescribeScalingPolicies',
    ],
    apply: [
      'ecs:CreateService',
      'ecs:UpdateService',
      'ecs:DescribeServices',
      'ecs:DescribeTaskDefinition',
      'ecs:TagResource',
      'iam:PassRole',
      'elasticloadbalancing:CreateRule',
      'elasticloadbalancing:ModifyRule',
      'elasticloadbalancing:DeleteRule',
      'elasticloadbalancing:AddTags',
      'elasticloadbalancing:ModifyTargetGroup',
      'elasticloadbalancing:ModifyTargetGroupAttributes',
      'application-autoscaling:RegisterScalableTarget',
      'application-autoscaling:PutScalingPolicy',
      'cloudwatch:PutMetricAlarm',
      'cloudwatch:DescribeAlarms',
      'cloudwatch:DeleteAlarms',
      'iam:CreateServiceLinkedRole',
    ],
    registerTaskDefinition: REGISTER,
    lastLines: [...TASKS, 'logs:GetLogEvents'],
  },
  removal: {
    removeRules: ['elasticloadbalancing:DescribeRules', 'elasticloadbalancing:DeleteRule'],
    removeServices: ['ecs:ListServices', 'ecs:DeleteService', 'application-autoscaling:DeregisterScalableTarget'],
    tasksLeft: TASKS,
  },
  tasks: {
    start: [...REGISTER, 'ecs:RunTask'],
    status: ['ecs:DescribeTasks', 'logs:GetLogEvents'],
    stop: ['ecs:StopTask'],
    migrationsRunning: TASKS,
  },
  database: { prepare: ['lambda:InvokeFunction'], recordedMigrations: ['lambda:InvokeFunction'] },
  executions: {
    start: ['states:StartExecution'],
    status: ['states:DescribeExecution'],
    arn: [],
    wake: ['states:SendTaskSuccess'],
  },
  metrics: { counts: ['cloudwatch:GetMetricData'] },
  prober: { get: ['lambda:InvokeFunction'] },
  pipelines: {
    waiting: ['codepipeline:ListPipelineExecutions', 'codepipeline:ListActionExecutions'],
    answer: ['codepipeline:PutApprovalResult'],
  },
  notifier: { publish: ['sns:Publish'] },
};

/** A file without its comments, which name functions that they do not call. */
function codeOf(file: string): string {
  return readFileSync(file, 'utf8').replaceAll(/\/\*.*?\*\/|\/\/[^\n]*/gs, '');
}

/** A declaration at the top of a file. */
interface Declaration {
  readonly name: string;
  readonly file: string;
  readonly exported: boolean;
  readonly text: string;
}

function declarationsOf(file: string): Declaration[] {
  const parts = codeOf(file).split(/^(?=(?:export )?(?:async )?(?:function|const|class) \w)/m);
  return parts.flatMap((text) => {
    const [, exported, name] = /^(export )?(?:async )?(?:function|const|class) (\w+)/.exec(text) ?? [];
    return name === undefined ? [] : [{ name, file, exported: exported !== undefined, text }];
  });
}

function filesIn(folder: string): string[] {
  return existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => name.endsWith('.ts'))
        .map((name) => join(folder, name))
    : [];
}

/** The methods of ports that a function can come to call, as `port.method`: those in its folder and in what it uses of functions/core/use-cases. */
export function portCalls(functionsDirectory: string, name: string): Set<string> {
  const shared = filesIn(join(functionsDirectory, 'core', 'use-cases')).flatMap(declarationsOf);
  const reached: Pick<Declaration, 'file' | 'text'>[] = filesIn(join(functionsDirectory, name)).map((file) => ({
    file,
    text: codeOf(file),
  }));
  for (const { file, text } of reached) {
    const words = new Set(text.match(/\b[A-Za-z]\w+\b/g));
    const used = shared.filter((each) => words.has(each.name) && (each.exported || each.file === file));
    reached.push(...used.filter((each) => !reached.includes(each)));
  }
  const code = reached.map(({ text }) => text).join('\n');
  return new Set(
    Object.entries(RIGHTS).flatMap(([port, methods]) =>
      Object.keys(methods)
        .filter((method) => new RegExp(String.raw`\b${port}(?:\([^()]*\))?\.${method}\(`).test(code))
        .map((method) => `${port}.${method}`),
    ),
  );
}
