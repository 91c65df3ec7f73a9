import { Duration, Stack } from 'aws-cdk-lib';
import { Certificate, CertificateValidation, type ICertificate } from 'aws-cdk-lib/aws-certificatemanager';
import {
  AllowedMethods,
  CachePolicy,
  Distribution,
  HttpVersion,
  OriginProtocolPolicy,
  OriginRequestCookieBehavior,
  OriginRequestHeaderBehavior,
  OriginRequestPolicy,
  OriginRequestQueryStringBehavior,
  SecurityPolicyProtocol,
  ViewerProtocolPolicy,
} from 'aws-cdk-lib/aws-cloudfront';
import { VpcOrigin } from 'aws-cdk-lib/aws-cloudfront-origins';
import type { ApplicationLoadBalancer } from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { AaaaRecord, ARecord, HostedZone, RecordTarget } from 'aws-cdk-lib/aws-route53';
import { CloudFrontTarget } from 'aws-cdk-lib/aws-route53-targets';
import { Construct } from 'constructs';
import type { EnvironmentTarget } from '../environments/schema.ts';
import { Firewall } from './firewall.ts';

export interface EdgeProps extends Readonly<NonNullable<EnvironmentTarget['edge']>> {
  /** The target in names. */
  readonly slug: string;
  readonly loadBalancer: ApplicationLoadBalancer;
  /** Port of the production listener. */
  readonly port: number;
}

/**
 * The header in which CloudFront tells the protocol that the user came by. CloudFront removes X-Forwarded-Proto ("Request
 * and response behavior for custom origins"), and the load balancer writes it again with its own.
 */
export const PROTOCOL_HEADER = 'CloudFront-Forwarded-Proto';

/** Statuses whose answers CloudFront would keep for ten seconds unless told otherwise ("How CloudFront caches errors"). */
const CACHED_ERRORS = [400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504];

/**
 * The application's public address: HTTPS at CloudFront, which reaches the internal load balancer from inside the VPC
 * ("Restrict access with VPC origins"). Pages are never cached; static files, whose names carry their content's hash,
 * as long as the application says.
 */
export class Edge extends Construct {
  /** The name that users ask for. */
  readonly host: string;
  readonly distributionId: string;
  /** All names that requests may come with: CloudFront's own goes on working beside another. */
  readonly hosts: readonly [string, ...string[]];

  constructor(scope: Construct, id: string, props: EdgeProps) {
    super(scope, id);
    const { domain } = props;
    // CloudFront's names are of the account, whatever region the rest lies in.
    const name = `farol-${props.slug}-${Stack.of(this).region}`;
    const origin = VpcOrigin.withApplicationLoadBalancer(props.loadBalancer, {
      vpcOriginName: name,
      httpPort: props.port,
      protocolPolicy: OriginProtocolPolicy.HTTP_ONLY,
      // CloudFront's longest without asking for more; the application gives up before.
      readTimeout: Duration.seconds(60),
      connectionAttempts: 3,
    });
    const everything = new OriginRequestPolicy(this, 'AsTheUserAsked', {
      originRequestPolicyName: name,
      comment: 'All that the user sent, Host included, and the protocol',
      headerBehavior: OriginRequestHeaderBehavior.all(PROTOCOL_HEADER),
      cookieBehavior: OriginRequestCookieBehavior.all(),
      queryStringBehavior: OriginRequestQueryStringBehavior.all(),
    });
    const behavior = {
      origin,
      originRequestPolicy: everything,
      viewerProtocolPolicy: ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
      compress: true,
    };
    const distribution = new Distribution(this, 'Distribution', {
      comment: props.slug,
      httpVersion: HttpVersion.HTTP2_AND_3,
      minimumProtocolVersion: SecurityPolicyProtocol.TLS_V1_2_2021,
      defaultBehavior: {
        ...behavior,
        allowedMethods: AllowedMethods.ALLOW_ALL,
        cachePolicy: CachePolicy.CACHING_DISABLED,
      },
      additionalBehaviors: {
        [`${props.staticPath}*`]: {
          ...behavior,
          allowedMethods: AllowedMethods.ALLOW_GET_HEAD_OPTIONS,
          // A year at most, as the application's Cache-Control says; without cookies and query in the key.
          cachePolicy: CachePolicy.CACHING_OPTIMIZED,
        },
      },
      // What is missing in one release is there in the next moment: no error outlives its request.
      errorResponses: CACHED_ERRORS.map((httpStatus) => ({ httpStatus, ttl: Duration.seconds(0) })),
      ...(domain && { domainNames: [domain.name], certificate: this.#certificate(domain) }),
      ...(props.firewall === 'managed' && {
        webAclId: new Firewall(this, 'Firewall', { slug: props.slug, largeBodies: props.largeBodies === true }).arn,
      }),
      ...(props.firewall?.startsWith('arn:') && { webAclId: props.firewall }),
    });
    this.distributionId = distribution.distributionId;
    this.host = domain?.name ?? distribution.distributionDomainName;
    const own = distribution.distributionDomainName;
    this.hosts = domain === undefined ? [own] : [domain.name, own];
    if (domain === undefined) return;
    const zone = HostedZone.fromHostedZoneAttributes(this, 'Zone', {
      hostedZoneId: domain.zone.id,
      zoneName: domain.zone.name,
    });
    const target = RecordTarget.fromAlias(new CloudFrontTarget(distribution));
    new ARecord(this, 'Ipv4', { zone, recordName: `${domain.name}.`, target });
    new AaaaRecord(this, 'Ipv6', { zone, recordName: `${domain.name}.`, target });
  }

  /** CloudFront takes certificates of us-east-1 alone. */
  #certificate({ name, zone, certificate }: NonNullable<EdgeProps['domain']>): ICertificate {
    if (certificate !== undefined) return Certificate.fromCertificateArn(this, 'Certificate', certificate);
    const hostedZone = HostedZone.fromHostedZoneAttributes(this, 'CertificateZone', {
      hostedZoneId: zone.id,
      zoneName: zone.name,
    });
    if (Stack.of(this).region !== 'us-east-1') throw new TypeError('a certificate for CloudFront is made in us-east-1');
    return new Certificate(this, 'Certificate', {
      domainName: name,
      validation: CertificateValidation.fromDns(hostedZone),
    });
  }
}
