/** Where training jobs run: a VPC of our own that costs nothing while idle, or one that is given. */
import { Fn } from 'aws-cdk-lib'
import {
  GatewayVpcEndpointAwsService,
  IpAddresses,
  type ISubnet,
  type IVpc,
  Peer,
  Port,
  SecurityGroup,
  Subnet,
  SubnetType,
  Vpc,
} from 'aws-cdk-lib/aws-ec2'
import { Construct } from 'constructs'
import type { Config } from '../config.ts'

export class Network extends Construct {
  readonly vpc: IVpc
  readonly subnets: ISubnet[]
  readonly securityGroup: SecurityGroup
  /** Without NAT and interface endpoints, a public address is the only way to ECR and CloudWatch. */
  readonly publicIp: boolean

  constructor(scope: Construct, id: string, { vpc }: Pick<Config, 'vpc'>) {
    super(scope, id)
    if (vpc.kind === 'own') {
      const own = new Vpc(this, 'Vpc', {
        ipAddresses: IpAddresses.cidr('10.42.0.0/20'),
        maxAzs: 2,
        natGateways: 0,
        subnetConfiguration: [{ name: 'jobs', subnetType: SubnetType.PUBLIC, mapPublicIpOnLaunch: false }],
        gatewayEndpoints: { S3: { service: GatewayVpcEndpointAwsService.S3 } },
      })
      this.vpc = own as IVpc
      this.subnets = own.publicSubnets
      this.publicIp = true
    } else {
      const { vpcId, subnetIds } = vpc
      this.vpc = Vpc.fromVpcAttributes(this, 'Vpc', { vpcId, availabilityZones: [Fn.select(0, Fn.getAzs())] })
      this.subnets = subnetIds.map((subnetId) => Subnet.fromSubnetId(this, subnetId, subnetId))
      this.publicIp = vpc.publicIp
    }
    this.securityGroup = new SecurityGroup(this, 'Jobs', {
      vpc: this.vpc,
      description: 'Training jobs: nothing comes in, HTTPS goes out',
      allowAllOutbound: false,
    })
    this.securityGroup.addEgressRule(Peer.anyIpv4(), Port.HTTPS, 'S3, ECR, CloudWatch Logs')
  }
}
