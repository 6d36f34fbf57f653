/** A name of one's own for the API. */
import { CfnOutput } from 'aws-cdk-lib'
import { type RestApi, SecurityPolicy } from 'aws-cdk-lib/aws-apigateway'
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager'
import { ARecord, HostedZone, RecordTarget } from 'aws-cdk-lib/aws-route53'
import { ApiGatewayDomain } from 'aws-cdk-lib/aws-route53-targets'
import { Construct } from 'constructs'
import type { Config } from '../config.ts'

export const addDomain = (
  scope: Construct,
  rest: RestApi,
  { name, certificateArn, hostedZone }: NonNullable<Config['domain']>,
): void => {
  const place = new Construct(scope, 'Domain')
  const domain = rest.addDomainName('Name', {
    domainName: name,
    certificate: Certificate.fromCertificateArn(place, 'Certificate', certificateArn),
    securityPolicy: SecurityPolicy.TLS_1_2,
  })
  new CfnOutput(scope, 'DomainTarget', {
    description: `What ${name} has to point at`,
    value: domain.domainNameAliasDomainName,
  })
  if (hostedZone === undefined) return
  const zone = HostedZone.fromHostedZoneAttributes(place, 'Zone', {
    hostedZoneId: hostedZone.id,
    zoneName: hostedZone.name,
  })
  new ARecord(place, 'Record', {
    zone,
    recordName: `${name}.`,
    target: RecordTarget.fromAlias(new ApiGatewayDomain(domain)),
  })
}
