import { ArnFormat, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import {
  BuildSpec,
  ComputeType,
  LinuxArmBuildImage,
  LinuxBuildImage,
  PipelineProject,
} from 'aws-cdk-lib/aws-codebuild';
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { seconds } from '#core/contract/duration.ts';
import { ledgerTable, targetPartition } from '#core/contract/ledger.ts';
import { buildProject, pipelineName } from '#core/contract/pipeline.ts';
import type { Target } from '#core/contract/target.ts';
import { buildspecText } from '../build/buildspec.ts';
import type { PipelineSettings } from '../environments/schema.ts';
import { buildRole, ORCHESTRATOR, repositoryName } from '../names.ts';

export interface ReleaseBuildProps extends Pick<PipelineSettings, 'app' | 'source' | 'buildspec' | 'build'> {
  readonly connectionArn: string;
  /** Branches that targets ask for: the build says which of them hold its commit. */
  readonly branches: readonly string[];
  /** The application's targets: the build keeps the static files of what is live there. */
  readonly targets: readonly Target[];
  /** Bucket through which the pipeline hands over which commit to build. */
  readonly artifactsArn: string;
  readonly logRetention: RetentionDays;
}

/** The table that says what is live. */
const HEADS = ledgerTable(ORCHESTRATOR.ledger, 'heads');

const COMPUTE = { small: ComputeType.SMALL, medium: ComputeType.MEDIUM, large: ComputeType.LARGE };

/**
 * The right to read one repository by a connection to a git provider. The keys are absent where a call is about no
 * repository, which ForAllValues lets pass. Older connections have the service's former name in their ARN, and the action's
 * must be the same. Developer Tools console User Guide, "Permissions reference for AWS CodeConnections", "Connections rename".
 * @param repository owner and name
 */
export function useConnection(connectionArn: string, repository: string): PolicyStatement {
  const service = connectionArn.includes(':codestar-connections:') ? 'codestar-connections' : 'codeconnections';
  return new PolicyStatement({
    actions: [`${service}:UseConnection`],
    resources: [connectionArn],
    conditions: {
      'ForAllValues:StringEquals': {
        [`${service}:FullRepositoryId`]: repository,
        [`${service}:ProviderPermissionsRequired`]: 'read_only',
      },
    },
  });
}

/** A buildspec of this checkout: the tag that is built has no say in how it is built and what is said of it. */
class OwnBuildSpec extends BuildSpec {
  override readonly isImmediate = true;
  readonly #text: string;

  constructor(path: string) {
    super();
    this.#text = buildspecText(path);
  }

  override toBuildSpec(): string {
    return this.#text;
  }
}

/** The CodeBuild project that turns a tagged commit into an image, by the commands of this checkout's buildspec. Nothing is kept from one build to the next. */
export class ReleaseBuild extends Construct {
  readonly project: PipelineProject;

  constructor(scope: Construct, id: string, props: ReleaseBuildProps) {
    super(scope, id);
    const stack = Stack.of(this);
    const projectName = buildProject(props.app);
    const repository = repositoryName(props.app);
    const logGroup = new LogGroup(this, 'Log', {
      logGroupName: `/aws/codebuild/${projectName}`,
      retention: props.logRetention,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = new Role(this, 'Role', {
      roleName: buildRole(props.app, stack.region),
      description: `What builds of ${props.app} may do`,
      // CodeBuild User Guide, "Cross-service confused deputy prevention".
      assumedBy: new ServicePrincipal('codebuild.amazonaws.com', {
        conditions: {
          StringEquals: { 'aws:SourceAccount': stack.account },
          ArnLike: {
            'aws:SourceArn': stack.formatArn({ service: 'codebuild', resource: 'project', resourceName: projectName }),
          },
        },
      }),
      inlinePolicies: {
        work: new PolicyDocument({
          statements: [
            new PolicyStatement({
              actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
              resources: [
                stack.formatArn({
                  service: 'logs',
                  resource: `log-group:/aws/codebuild/${projectName}:*`,
                  arnFormat: ArnFormat.NO_RESOURCE_NAME,
                }),
              ],
            }),
            // GetAuthorizationToken takes no resource.
            new PolicyStatement({ actions: ['ecr:GetAuthorizationToken'], resources: ['*'] }),
            new PolicyStatement({
              actions: [
                'ecr:BatchCheckLayerAvailability',
                'ecr:InitiateLayerUpload',
                'ecr:UploadLayerPart',
                'ecr:CompleteLayerUpload',
                'ecr:PutImage',
                // Static files of the releases before are copied from their images.
                'ecr:BatchGetImage',
                'ecr:GetDownloadUrlForLayer',
                'ecr:ListImages',
                'ecr:DescribeImages',
              ],
              resources: [stack.formatArn({ service: 'ecr', resource: 'repository', resourceName: repository })],
            }),
            // What is live at the application's own targets. DynamoDB Developer Guide, "Using IAM policy conditions for fine-grained access control".
            new PolicyStatement({
              actions: ['dynamodb:GetItem'],
              resources: [stack.formatArn({ service: 'dynamodb', resource: 'table', resourceName: HEADS })],
              conditions: {
                'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': props.targets.map(targetPartition) },
              },
            }),
            useConnection(props.connectionArn, props.source.repository),
            // What began the run, and with which tag.
            new PolicyStatement({
              actions: ['codepipeline:GetPipelineExecution', 'codepipeline:ListActionExecutions'],
              resources: [
                stack.formatArn({
                  service: 'codepipeline',
                  resource: pipelineName(props.app),
                  arnFormat: ArnFormat.NO_RESOURCE_NAME,
                }),
              ],
            }),
            new PolicyStatement({
              actions: ['s3:GetObject', 's3:GetObjectVersion'],
              resources: [`${props.artifactsArn}/*`],
            }),
          ],
        }),
      },
    });
    const { architecture, compute, image, environment, timeout } = props.build;
    this.project = new PipelineProject(this, 'Project', {
      projectName,
      description: `Tests, builds and pushes releases of ${props.app}`,
      buildSpec: new OwnBuildSpec(props.buildspec),
      environment: {
        buildImage:
          architecture === 'ARM64'
            ? LinuxArmBuildImage.fromCodeBuildImageId(image)
            : LinuxBuildImage.fromCodeBuildImageId(image),
        computeType: COMPUTE[compute],
        // The build runs a Docker engine.
        privileged: true,
      },
      // They stand above the buildspec's own. CodeBuild User Guide, "Build spec reference", env/variables.
      environmentVariables: {
        ...Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, { value }])),
        FAROL_REPOSITORY_URI: { value: `${stack.account}.dkr.ecr.${stack.region}.${stack.urlSuffix}/${repository}` },
        FAROL_PIPELINE: { value: pipelineName(props.app) },
        FAROL_BRANCHES_ASKED: { value: props.branches.join(' ') },
        FAROL_TARGETS: { value: props.targets.join(' ') },
        FAROL_HEADS: { value: HEADS },
      },
      timeout: Duration.seconds(seconds(timeout)),
      logging: { cloudWatch: { logGroup } },
      role: role.withoutPolicyUpdates(),
    });
  }
}
