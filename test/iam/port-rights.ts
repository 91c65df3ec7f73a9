import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const GET = ['dynamodb:GetItem'];
const QUERY = ['dynamodb:Query'];
/** An entry of the chain: the head is read, head and entry are put. */
const APPEND = [...GET, 'dynamodb:PutItem'];
/** What only the holder of the lock writes is checked against it in the same transaction. */
const CHECK = ['dynamodb:ConditionCheckItem'];
const UPDATE = ['dynamodb:UpdateItem'];
const TASKS = ['ecs:ListTasks', 'ecs:DescribeTasks'];
const REGISTER = ['ecs:RegisterTaskDefinition', 'ecs:TagResource', 'iam:PassRole'];

/**
 * The rights that the adapters of the ports need (functions/core/ports.ts), by what the functions call the port, then by
 * method: those of every call that the adapter may make, and those that AWS asks for on their account.
 */
export const RIGHTS: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  ledger: {
    head: GET,
    lock: GET,
    deployment: GET,
    waiting: GET,
    intent: GET,
    traffic: GET,
    settingsClaim: GET,
    facts: QUERY,
    lastChange: QUERY,
    takeLock: APPEND,
    refuse: APPEND,
    endDeployment: [...APPEND, ...UPDATE],
    closeRecord: [...GET, ...UPDATE],
    savePlan: [...CHECK, ...UPDATE, 'dynamodb:PutItem'],
    claimSettings: ['dynamodb:PutItem'],
    saveFact: [...APPEND, ...CHECK],
    enqueue: [...APPEND, ...CHECK],
    dequeue: ['dynamodb:DeleteItem'],
    writeIntent: [...APPEND, ...CHECK],
    openChange: [...CHECK, 'dynamodb:PutItem'],
    closeChange: [...CHECK, ...UPDATE, 'dynamodb:PutItem'],
    promote: [...APPEND, ...CHECK],
    freeze: [...APPEND, ...CHECK],
    unfreeze: [...APPEND, ...CHECK],
    note: [...APPEND, ...CHECK],
  },
  approvals: {
    ask: [...APPEND, ...CHECK, ...UPDATE],
    approval: GET,
    decide: [...APPEND, ...CHECK, ...UPDATE],
  },
  roles: { role: ['iam:GetRole'] },
  settings: { settings: ['ssm:GetParameter'], all: ['ssm:GetParametersByPath'] },
  releases: {
    release: ['ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'],
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
        .filter((name) => name.endsWith('.ts') && name !== 'ports.ts')
        .map((name) => join(folder, name))
    : [];
}

/** The methods of ports that a function can come to call, as `port.method`: those in its folder and in what it uses of functions/core. */
export function portCalls(functionsDirectory: string, name: string): Set<string> {
  const shared = filesIn(join(functionsDirectory, 'core')).flatMap(declarationsOf);
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
