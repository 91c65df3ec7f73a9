import { Duration, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { Repository, TagMutability, TagStatus } from 'aws-cdk-lib/aws-ecr';
import type { Construct } from 'constructs';
import { repositoryName } from '../names.ts';

export interface RepositoryStackProps extends StackProps {
  readonly app: string;
  /** Keeps the images when the stack goes. */
  readonly deletionProtection: boolean;
}

/** The images of one application. A tag, once pushed, keeps its image: what was tested is what runs. */
export class RepositoryStack extends Stack {
  constructor(scope: Construct, id: string, props: RepositoryStackProps) {
    super(scope, id, props);
    new Repository(this, 'Images', {
      repositoryName: repositoryName(props.app),
      imageTagMutability: TagMutability.IMMUTABLE,
      imageScanOnPush: true,
      // Tagged images stay: each may be the one to go back to.
      lifecycleRules: [{ tagStatus: TagStatus.UNTAGGED, maxImageAge: Duration.days(14) }],
      removalPolicy: props.deletionProtection ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
      emptyOnDelete: !props.deletionProtection,
    });
  }
}
