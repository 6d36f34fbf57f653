/** A web application firewall in front of the API: one address's share, known attacks. */
import type { RestApi } from 'aws-cdk-lib/aws-apigateway'
import { CfnWebACL, CfnWebACLAssociation } from 'aws-cdk-lib/aws-wafv2'
import { Construct } from 'constructs'

/** Requests of one address in five minutes. */
const MOST_REQUESTS = 10_000

/** Groups that look at bodies for size are left out: a batch of images is large by nature. */
const managedGroups = ['AWSManagedRulesKnownBadInputsRuleSet', 'AWSManagedRulesAmazonIpReputationList'] as const

export const addFirewall = (scope: Construct, api: RestApi): void => {
  const place = new Construct(scope, 'Firewall')
  const visible = (metricName: string) => ({
    cloudWatchMetricsEnabled: true,
    sampledRequestsEnabled: false,
    metricName,
  })
  const acl = new CfnWebACL(place, 'Rules', {
    scope: 'REGIONAL',
    defaultAction: { allow: {} },
    visibilityConfig: visible('maas'),
    rules: [
      {
        name: 'rate',
        priority: 0,
        action: { block: {} },
        visibilityConfig: visible('rate'),
        statement: { rateBasedStatement: { aggregateKeyType: 'IP', limit: MOST_REQUESTS } },
      },
      ...managedGroups.map((name, index) => ({
        name,
        priority: index + 1,
        overrideAction: { none: {} },
        visibilityConfig: visible(name),
        statement: { managedRuleGroupStatement: { vendorName: 'AWS', name } },
      })),
    ],
  })
  new CfnWebACLAssociation(place, 'Association', {
    webAclArn: acl.attrArn,
    resourceArn: api.deploymentStage.stageArn,
  })
}
