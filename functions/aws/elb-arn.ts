/**
 * What CloudWatch and Application Auto Scaling call a load balancer or target group: the ARN's part from `app/` or
 * `targetgroup/` on. Source: ELB User Guide, "Metric dimensions for Application Load Balancers".
 */
export function dimensionOf(arn: string): string {
  const resource = arn.split(':').slice(5).join(':');
  return resource.replace(/^loadbalancer\//, '');
}
