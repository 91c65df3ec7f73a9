import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import {
  Artifact,
  ExecutionMode,
  Pipeline,
  PipelineType,
  ProviderType,
  Result,
  Rule,
} from 'aws-cdk-lib/aws-codepipeline';
import {
  CodeBuildAction,
  CodeStarConnectionsSourceAction,
  ManualApprovalAction,
} from 'aws-cdk-lib/aws-codepipeline-actions';
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { BlockPublicAccess, Bucket, BucketEncryption, type IBucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { APPROVAL, BUILD_VARIABLES, buildProject, NO_VERSION, pipelineName } from '#core/contract/pipeline.ts';
import type { Target } from '#core/contract/target.ts';
import type { PipelineSettings } from '../environments/schema.ts';
import { ReleaseBuild, useConnection } from './release-build.ts';

export interface ReleasePipelineProps extends PipelineSettings {
  readonly connectionArn: string;
  /** Branches that targets ask for. */
  readonly branches: readonly string[];
  /** The application's targets. */
  readonly targets: readonly Target[];
  readonly logRetention: RetentionDays;
}

/**
 * From a pushed version tag to an image in the registry; then it waits for Farol, and is as green or red as the deployment.
 * Parallel: a tag that is pushed while another's deployment is waited for is built at once.
 */
export class ReleasePipeline extends Construct {
  constructor(scope: Construct, id: string, props: ReleasePipelineProps) {
    super(scope, id);
    const stack = Stack.of(this);
    const artifacts = new Bucket(this, 'Artifacts', {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      encryption: BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      lifecycleRules: [{ expiration: Duration.days(30), abortIncompleteMultipartUploadAfter: Duration.days(1) }],
      // Nothing that the repository has not: it goes with the stack, once `farol destroy` has emptied it.
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const { project } = new ReleaseBuild(this, 'Build', { ...props, artifactsArn: artifacts.bucketArn });
    const role = new Role(this, 'Role', {
      description: `What the pipeline of ${props.app} may do`,
      // Without aws:SourceArn: CodePipeline does not document that it sends one when it takes its service role.
      assumedBy: new ServicePrincipal('codepipeline.amazonaws.com'),
      inlinePolicies: {
        work: new PolicyDocument({
          statements: [
            new PolicyStatement({
              actions: ['s3:GetObject', 's3:GetObjectVersion', 's3:PutObject', 's3:PutObjectAcl'],
              resources: [artifacts.arnForObjects('*')],
            }),
            new PolicyStatement({
              actions: ['s3:GetBucketAcl', 's3:GetBucketLocation', 's3:GetBucketVersioning'],
              resources: [artifacts.bucketArn],
            }),
            useConnection(props.connectionArn, props.source.repository),
            new PolicyStatement({
              actions: ['codebuild:StartBuild', 'codebuild:BatchGetBuilds', 'codebuild:StopBuild'],
              resources: [
                stack.formatArn({ service: 'codebuild', resource: 'project', resourceName: buildProject(props.app) }),
              ],
            }),
          ],
        }),
      },
    });
    const [owner = '', ...name] = props.source.repository.split('/');
    const source = new Artifact('Source');
    const sourceAction = new CodeStarConnectionsSourceAction({
      actionName: 'Source',
      connectionArn: props.connectionArn,
      owner,
      repo: name.join('/'),
      branch: props.source.branch,
      // The build needs git itself: which tags name the commit.
      codeBuildCloneOutput: true,
      output: source,
    });
    const buildAction = new CodeBuildAction({
      actionName: 'Build',
      project,
      input: source,
      variablesNamespace: 'Build',
      // Of every run, without being declared. CodePipeline User Guide, "Variables reference".
      environmentVariables: { FAROL_RUN: { value: '#{codepipeline.PipelineExecutionId}' } },
    });
    const version = `#{Build.${BUILD_VARIABLES.version}}`;
    new Pipeline(this, 'Pipeline', {
      pipelineName: pipelineName(props.app),
      pipelineType: PipelineType.V2,
      executionMode: ExecutionMode.PARALLEL,
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- CDK does not tell absent members from undefined ones, the strict types here do
      artifactBucket: artifacts as IBucket,
      role: role.withoutPolicyUpdates(),
      usePipelineRoleForActions: true,
      triggers: [
        {
          providerType: ProviderType.CODE_STAR_SOURCE_CONNECTION,
          gitConfiguration: { sourceAction, pushFilter: [{ tagsIncludes: ['v*'] }] },
        },
      ],
      stages: [
        { stageName: 'Source', actions: [sourceAction] },
        { stageName: 'Build', actions: [buildAction] },
        {
          stageName: APPROVAL.stage,
          actions: [
            new ManualApprovalAction({
              actionName: APPROVAL.action,
              additionalInformation: `Farol answers when ${version} is live or was rolled back. You do not need to. The run was started by #{Build.${BUILD_VARIABLES.started}}.`,
            }),
          ],
          // A run that built no image has no deployment to wait for. Skipping on entry: CodePipeline User Guide, "Configure conditions for a stage".
          beforeEntry: {
            conditions: [
              {
                rules: [
                  new Rule({
                    name: 'HasVersion',
                    provider: 'VariableCheck',
                    version: '1',
                    configuration: { Variable: version, Value: NO_VERSION, Operator: 'NE' },
                  }),
                ],
                result: Result.SKIP,
              },
            ],
          },
        },
      ],
    });
  }
}
