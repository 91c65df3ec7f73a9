import { describe, expect, test } from 'vitest';
import { type Created, resolve } from '../../../../local/service-stack/intrinsics.ts';

const known = new Map<string, Created>([
  ['AWS::Region', { ref: 'us-east-1' }],
  ['Balancer', { ref: 'arn:balancer', attributes: { DNSName: 'web.example.com', 'Endpoint.Port': '5432' } }],
]);

describe('intrinsic functions', () => {
  test.each([
    ['a text', 'text', 'text'],
    ['an object without one', { A: [1, { B: true }] }, { A: [1, { B: true }] }],
    ['Ref', { Ref: 'Balancer' }, 'arn:balancer'],
    ['Ref of a pseudo parameter', { Ref: 'AWS::Region' }, 'us-east-1'],
    ['Fn::GetAtt', { 'Fn::GetAtt': ['Balancer', 'Endpoint.Port'] }, '5432'],
    ['Fn::Join', { 'Fn::Join': ['-', ['a', { Ref: 'Balancer' }]] }, 'a-arn:balancer'],
    ['Fn::Split', { 'Fn::Split': [':', { Ref: 'Balancer' }] }, ['arn', 'balancer']],
    ['Fn::Select', { 'Fn::Select': ['1', { 'Fn::Split': [':', { Ref: 'Balancer' }] }] }, 'balancer'],
    [
      'Fn::Sub',
      { 'Fn::Sub': 'http://${Balancer.DNSName}/${AWS::Region}/${!Kept}' },
      'http://web.example.com/us-east-1/${Kept}',
    ],
    [
      'Fn::Sub with values',
      { 'Fn::Sub': ['${Port}/${Balancer}', { Port: { 'Fn::GetAtt': ['Balancer', 'Endpoint.Port'] } }] },
      '5432/arn:balancer',
    ],
    ['one inside another value', { A: [{ Ref: 'Balancer' }] }, { A: ['arn:balancer'] }],
  ])('%s', (_name, value, expected) => {
    expect(resolve(value, known)).toEqual(expected);
  });

  test.each([
    ['an unknown resource', { Ref: 'Nothing' }, 'the template refers to Nothing, which was not made'],
    ['an unknown attribute', { 'Fn::GetAtt': ['Balancer', 'Arn'] }, 'Balancer has no attribute Arn here'],
    [
      'another function',
      { 'Fn::ImportValue': ['x'] },
      'the template uses Fn::ImportValue, which is not carried out here',
    ],
    ['a list where a text must stand', { 'Fn::Join': ['', [['a']]] }, 'a text was expected in the template, not ["a"]'],
    ['a text where a list must stand', { 'Fn::Join': 'a' }, 'a list was expected in the template, not "a"'],
  ])('%s is refused rather than half-resolved', (_name, value, message) => {
    expect(() => resolve(value, known)).toThrow(new TypeError(message));
  });
});
