// The official Node SDK of ALB against the emulator: it signs, flattens and reads answers in its own way (lower-case
// booleans, chunked bodies, `*` left alone), so it is a second opinion on the gateway.
//
// SDK_VPC names a VPC of cn-chengdu, made with the Python SDK beforehand: a server group needs one.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { setTimeout as pause } from 'node:timers/promises';

// The packages live outside of the source tree.
const require = createRequire(`${process.env.SDK_NODE}/package.json`);
const alb = require('@alicloud/alb20200616');
const { $OpenApiUtil } = require('@alicloud/openapi-core');

const ready = JSON.parse(readFileSync(process.env.EMULATOR_READY_LINE, 'utf8'));
const vpcId = process.env.SDK_VPC;
const Client = alb.default;

let checks = 0;
const check = (actual, wanted, what) => {
  assert.deepEqual(actual, wanted, what);
  checks += 1;
};

const client = (accessKeySecret) =>
  new Client(
    new $OpenApiUtil.Config({
      accessKeyId: ready.accessKeyId,
      accessKeySecret,
      endpoint: ready.endpoints['cn-chengdu'].replace('http://', ''),
      protocol: 'http',
      regionId: 'cn-chengdu',
    }),
  );

const refused = async (code, status, work) => {
  const error = await work().then(
    () => assert.fail(`expected ${code}`),
    (problem) => problem,
  );
  check(error.code, code, 'the code of a refusal');
  check(error.statusCode, status, `the status of ${code}`);
  check(typeof (error.data?.RequestId ?? error.requestId), 'string', `the request id of ${code}`);
};

const until = async (what, probe) => {
  for (let tries = 0; tries < 400; tries += 1) {
    if (await probe()) return;
    await pause(50);
  }
  assert.fail(`waited in vain for ${what}`);
};

const owner = client(ready.accessKeySecret);

const group = await owner.createServerGroup(
  new alb.CreateServerGroupRequest({
    serverGroupName: 'from-node',
    serverGroupType: 'Ip',
    vpcId,
    protocol: 'HTTP',
    healthCheckConfig: new alb.CreateServerGroupRequestHealthCheckConfig({ healthCheckEnabled: true, healthCheckPath: '/' }),
    tag: [new alb.CreateServerGroupRequestTag({ key: 'made-by', value: 'node *~é' })],
  }),
);
check(group.statusCode, 200, 'the status of an answer');
check(typeof group.body.requestId, 'string', 'a request id');
const { serverGroupId } = group.body;
check(serverGroupId.startsWith('sgp-'), true, 'the id of a server group');

const listed = async () => {
  const answer = await owner.listServerGroups(new alb.ListServerGroupsRequest({ serverGroupIds: [serverGroupId] }));
  return answer.body.serverGroups[0];
};
const settled = () => until('the server group', async () => (await listed()).serverGroupStatus === 'Available');
await settled();
const row = await listed();
check(row.serverGroupName, 'from-node', 'the name');
check(row.vpcId, vpcId, 'the VPC');
check(row.serverCount, 0, 'the number of servers');
check(row.healthCheckConfig.healthCheckEnabled, true, 'a lower-case boolean');
check(row.tags.map((tag) => [tag.key, tag.value]), [['made-by', 'node *~é']], 'the tags, with everything that signatures encode');

// The list of servers travels in a chunked form body.
const server = { serverType: 'Ip', serverId: '192.168.7.200', serverIp: '192.168.7.200', port: 80 };
await owner.addServersToServerGroup(
  new alb.AddServersToServerGroupRequest({
    serverGroupId,
    servers: [
      new alb.AddServersToServerGroupRequestServers({ ...server, weight: 10, remoteIpEnabled: true, description: 'a b*é' }),
    ],
  }),
);
await settled();
const servers = await owner.listServerGroupServers(new alb.ListServerGroupServersRequest({ serverGroupId }));
const [member] = servers.body.servers;
check([member.serverIp, member.port, member.weight], ['192.168.7.200', 80, 10], 'the server');
check(member.remoteIpEnabled, true, 'Remote IP');
check(member.description, 'a b*é', 'the description');
await owner.removeServersFromServerGroup(
  new alb.RemoveServersFromServerGroupRequest({
    serverGroupId,
    servers: [new alb.RemoveServersFromServerGroupRequestServers(server)],
  }),
);
await settled();
await owner.deleteServerGroup(new alb.DeleteServerGroupRequest({ serverGroupId }));

await refused('ResourceNotFound.Listener', 404, () =>
  owner.getListenerAttribute(new alb.GetListenerAttributeRequest({ listenerId: 'lsn-none' })),
);
await refused('MissingParam.ListenerId', 400, () => owner.deleteListener(new alb.DeleteListenerRequest({})));
await refused('SignatureDoesNotMatch', 400, () =>
  client('wrong').listServerGroups(new alb.ListServerGroupsRequest({})),
);

console.error(`node: ${checks} checks, all well`);
console.log(checks);
