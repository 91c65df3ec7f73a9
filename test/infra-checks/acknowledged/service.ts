import type { Acknowledgement } from '../acknowledgement.ts';

/** Targets of the profile `starter`. */
const small = (path: string) => [`starter/web-starter-service/${path}`, `promotion/web-staging-service/${path}`];

/** Where applications run. */
export const SERVICE: readonly Acknowledgement[] = [
  {
    rule: 'W3010',
    on: ['*/*-service/Network/Vpc/*Subnet*/Subnet'],
    reason: 'Zones are settings, so that synthesis asks no account for them.',
  },
  {
    rule: 'CKV_AWS_2',
    on: ['*/*-service/Production', '*/*-service/PreviewBlue', '*/*-service/PreviewGreen'],
    reason:
      'Users speak HTTPS with CloudFront, which reaches the internal load balancer over a private connection ("Restrict access with VPC origins"). TLS there would need a certificate for a domain of one’s own.',
  },
  {
    rule: 'CKV_AWS_103',
    on: ['*/*-service/Production', '*/*-service/PreviewBlue', '*/*-service/PreviewGreen'],
    reason: 'As CKV_AWS_2 above.',
  },
  {
    rule: 'AwsSolutions-ELB2',
    on: ['*/*-service/LoadBalancer'],
    reason:
      'Metrics of load balancer, slots and firewall tell how requests were answered. A log of each one needs a bucket that is paid by what is written, and that outlives the stack.',
  },
  {
    rule: 'CKV_AWS_91',
    on: ['*/*-service/LoadBalancer'],
    reason:
      'Metrics of load balancer, slots and firewall tell how requests were answered. A log of each one needs a bucket that is paid by what is written, and that outlives the stack.',
  },
  {
    rule: 'AwsSolutions-CFR3',
    on: ['*/*-service/Edge/Distribution'],
    reason:
      'Metrics of load balancer, slots and firewall tell how requests were answered. A log of each one needs a bucket that is paid by what is written, and that outlives the stack.',
  },
  {
    rule: 'CKV_AWS_86',
    on: ['*/*-service/Edge/Distribution'],
    reason:
      'Metrics of load balancer, slots and firewall tell how requests were answered. A log of each one needs a bucket that is paid by what is written, and that outlives the stack.',
  },
  {
    rule: 'AwsSolutions-CFR4',
    on: ['*/*-service/Edge/Distribution'],
    reason:
      'CloudFront decides the TLS versions of its own names. With a domain of one’s own, at least TLS 1.2 (2021) is asked for: test/infra/edge.test.ts.',
  },
  {
    rule: 'CKV_AWS_174',
    on: ['*/*-service/Edge/Distribution'],
    reason: 'As AwsSolutions-CFR4 above.',
  },
  {
    rule: 'AwsSolutions-CFR1',
    on: ['*/*-service/Edge/Distribution'],
    reason: 'Where an application’s users are is for its owner to say; nothing here is bound to a country.',
  },
  {
    rule: 'AwsSolutions-SMG4',
    on: ['*/*-service/SecretKey'],
    reason:
      'A new key ends every session and makes every signed link invalid: it is changed on purpose, and a deployment brings it to the tasks.',
  },
  {
    rule: 'AwsSolutions-RDS11',
    on: ['*/*-service/Database/Instance'],
    reason:
      'Another port hides nothing: the database is in subnets without a way in or out, and its security group lets in the application alone.',
  },
  {
    rule: 'CKV_AWS_118',
    on: ['*/*-service/Database/Instance'],
    reason:
      'Enhanced monitoring tells about the operating system’s processes, for a price by its log; CloudWatch’s own metrics and the log of slow statements and locks are what a release is judged by.',
  },

  // What the profile leaves out for its price; docs/costs.md says what production has over it.
  {
    rule: 'AwsSolutions-VPC7',
    on: small('Network/Vpc'),
    reason: 'Flow logs are paid by volume; the setting network.flowLogs turns them on.',
  },
  {
    rule: 'AwsSolutions-RDS3',
    on: small('Database/Instance'),
    reason: 'A standby doubles the database’s price; the setting database.multiZone adds it.',
  },
  {
    rule: 'CKV_AWS_157',
    on: small('Database/Instance'),
    reason: 'As AwsSolutions-RDS3 above.',
  },
  {
    rule: 'AwsSolutions-RDS10',
    on: ['starter/*-service/Database/Instance'],
    reason: 'The starter can be taken away with one command; a last snapshot stays.',
  },
  {
    rule: 'AwsSolutions-ECS4',
    on: small('Cluster'),
    reason: 'Container Insights are paid by metric; the setting service.insights turns them on.',
  },
  {
    rule: 'CKV_AWS_65',
    on: small('Cluster'),
    reason: 'As AwsSolutions-ECS4 above.',
  },
  {
    rule: 'AwsSolutions-CFR2',
    on: small('Edge/Distribution'),
    reason: 'As CKV_AWS_68 below.',
  },
  {
    rule: 'CKV_AWS_68',
    on: small('Edge/Distribution'),
    reason: 'A firewall costs by the month and by the rule; the setting edge.firewall adds it.',
  },
];
