import { Duration, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { Repository, TagMutability, TagStatus } from 'aws-cdk-lib/aws-ecr';
import { AnyPrincipal, Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { buildRole, repositoryName } from '../names.ts';

export interface RepositoryStackProps extends StackProps {
  readonly app: string;
  /** Keeps the images when the stack goes. */
  readonly deletionProtection: boolean;
}

/** The images of one application, put by its builds alone. A tag, once pushed, keeps its image: what was tested is what runs. */
export class RepositoryStack extends Stack {
  constructor(scope: Construct, id: string, props: RepositoryStackProps) {
    super(scope, id, props);
    const images = new Repository(this, 'Images', {
      repositoryName: repositoryName(props.app),
      imageTagMutability: TagMutability.IMMUTABLE,
      imageScanOnPush: true,
      // Tagged images stay: each may be the one to go back to.
      lifecycleRules: [{ tagStatus: TagStatus.UNTAGGED, maxImageAge: Duration.days(14) }],
      removalPolicy: props.deletionProtection ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
      emptyOnDelete: !props.deletionProtection,
    });
    const role = this.formatArn({
      service: 'iam',
      region: '',
      resource: 'role',
      resourceName: buildRole(props.app, this.region),
    });
    // A Deny counts for administrators too. Of a session of a role, aws:PrincipalArn is the role's ARN, not the session's.
    // IAM User Guide, "AWS global condition context keys"; what a push calls: ECR User Guide, "Private repository policies".
    images.addToResourcePolicy(
      new PolicyStatement({
        sid: 'OnlyBuildsPutImages',
        effect: Effect.DENY,
        principals: [new AnyPrincipal()],
        actions: ['ecr:InitiateLayerUpload', 'ecr:UploadLayerPart', 'ecr:CompleteLayerUpload', 'ecr:PutImage'],
        conditions: { ArnNotEquals: { 'aws:PrincipalArn': role } },
      }),
    );
  }
}
