/** Where training jobs run: a VPC of our own that costs nothing while idle, one without internet, or one that is given. */
import { Fn } from 'aws-cdk-lib'
import {
  GatewayVpcEndpointAwsService,
  InterfaceVpcEndpointAwsService,
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

/** What Fargate and the job ask before and while it runs; S3 has its free gateway. */
export const interfaceEndpoints = {
  EcrApi: InterfaceVpcEndpointAwsService.ECR,
  EcrDocker: InterfaceVpcEndpointAwsService.ECR_DOCKER,
  Logs: InterfaceVpcEndpointAwsService.CLOUDWATCH_LOGS,
  Lambda: InterfaceVpcEndpointAwsService.LAMBDA,
} as const

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
    } else if (vpc.kind === 'private') {
      const own = new Vpc(this, 'Vpc', {
        ipAddresses: IpAddresses.cidr('10.42.0.0/20'),
        maxAzs: vpc.zones,
        natGateways: 0,
        subnetConfiguration: [{ name: 'jobs', subnetType: SubnetType.PRIVATE_ISOLATED }],
        gatewayEndpoints: { S3: { service: GatewayVpcEndpointAwsService.S3 } },
      })
      this.vpc = own as IVpc
      this.subnets = own.isolatedSubnets
      this.publicIp = false
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
    this.securityGroup.addEgressRule(Peer.anyIpv4(), Port.HTTPS, 'S3, ECR, CloudWatch Logs, Lambda')
    if (vpc.kind === 'private') this.addEndpoints()
  }

  /** They take HTTPS from jobs and from nobody else. */
  private addEndpoints(): void {
    const group = new SecurityGroup(this, 'Endpoints', {
      vpc: this.vpc,
      description: 'Interface endpoints: HTTPS from training jobs comes in, nothing goes out',
      allowAllOutbound: false,
    })
    group.addIngressRule(this.securityGroup, Port.HTTPS, 'Training jobs')
    for (const [name, service] of Object.entries(interfaceEndpoints)) {
      this.vpc.addInterfaceEndpoint(name, {
        service,
        subnets: { subnets: this.subnets },
        securityGroups: [group],
        open: false,
      })
    }
  }
}
