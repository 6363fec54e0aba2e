// template.yml against the property validators of Alibaba's own ROS CDK: every resource of every kind of stack.
//
// SDK_ROS is the folder with the CDK's packages; stdin is what `cargo run -p template --example stacks` prints. A class of the
// CDK takes properties by names of its own (vpcConfig for VpcConfig), validates them, and renders them. Its validators skip
// what they do not know, so what is rendered has to be what template.yml says, too.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(`${process.env.SDK_ROS}/package.json`);
const ros = require('@alicloud/ros-cdk-core');

let checks = 0;
const stack = new ros.Stack(new ros.App(), 'stack');

/** The renderers of a generated file, by name: for each property of the template the CDK's name of it, and who renders what is inside. */
const renderers = (source) => {
  const found = new Map();
  for (const [, name, body] of source.matchAll(/^function (ros\w+ToRosTemplate)\(properties[^{]*\{\n([\s\S]*?)^\}/gm)) {
    const entries = new Map();
    for (const [, key, how, mine] of body.matchAll(/^\s+'?(\w+)'?: (.*)\(properties\.(\w+)\),?$/gm)) {
      entries.set(key, { mine, inner: how.match(/\bros[A-Z]\w*ToRosTemplate/)?.[0] });
    }
    found.set(name, entries);
  }
  return found;
};

/** Every resource type of a package: its class, its properties' names, and those that it has to have. */
const types = new Map();
const load = (name) => {
  const file = require.resolve(`@alicloud/ros-cdk-${name}/lib/${name}.generated.js`);
  const source = readFileSync(file, 'utf8');
  const known = renderers(source);
  for (const Class of Object.values(require(file))) {
    const type = Class.ROS_RESOURCE_TYPE_NAME;
    if (!type) continue;
    const renders = Class.prototype.renderProperties?.toString().match(/\b(ros\w+ToRosTemplate)\(/)?.[1];
    const props = `${Class.name}PropsValidator`;
    const [, validator] = source.match(new RegExp(`^function ${props}\\(properties\\) \\{\\n([\\s\\S]*?)^\\}`, 'm')) ?? [];
    if (!renders || !validator) continue;
    const required = [...validator.matchAll(/propertyValidator\('(\w+)', ros\.requiredValidator\)/g)].map(([, mine]) => mine);
    types.set(type, { Class, known, renders, required });
  }
};
['eventbridge', 'fc3', 'fnf', 'ram', 'resourcemanager', 'ros', 'sls'].forEach(load);

/** Properties by the CDK's names. A name that it does not know is an error. */
const named = (known, renderer, value, path) => {
  const entries = known.get(renderer);
  assert.ok(entries, `${path}: nothing renders it (${renderer})`);
  if (Array.isArray(value)) return value.map((item, index) => named(known, renderer, item, `${path}.${index}`));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inside]) => {
      const entry = entries.get(key);
      assert.ok(entry, `${path}: there is no property ${key}`);
      return [entry.mine, entry.inner ? named(known, entry.inner, inside, `${path}.${key}`) : inside];
    }),
  );
};

/** Without what is undefined. */
const plain = (value) => JSON.parse(JSON.stringify(value));

/** Has the CDK validate and render a resource. */
const validate = ({ Type, Properties }) => {
  const type = types.get(Type);
  assert.ok(type, `the CDK has no ${Type}`);
  const props = named(type.known, type.renders, Properties, Type);
  const resource = new type.Class(stack, `r${checks}`, props, true);
  checks += 1;
  assert.deepEqual(plain(resource.renderProperties(props)), plain(Properties), `${Type} as it is rendered`);
};

const stacks = JSON.parse(readFileSync(0, 'utf8'));
const seen = new Map();
const wrong = new Set();
for (const { parameters, resources } of stacks) {
  for (const [id, resource] of Object.entries(resources)) {
    seen.set(id, resource);
    try {
      validate(resource);
    } catch (problem) {
      wrong.add(`${id} of ${JSON.stringify(parameters)}: ${problem.message}`);
    }
  }
}
assert.deepEqual([...wrong].slice(0, 20), [], `${wrong.size} resources are refused`);

// Every resource that template.yml declares was in some stack.
const text = readFileSync(new URL('../../template.yml', import.meta.url), 'utf8');
const declared = text.split(/^Resources:$/m)[1].split(/^Outputs:$/m)[0].matchAll(/^ {2}(\w+):/gm);
assert.deepEqual([...seen.keys()].sort(), [...declared].map(([, id]) => id).sort());

// The same check refuses what is wrong: each required property when it is missing, and what follows.
const refused = (what, resource, expected) => {
  checks += 1;
  assert.throws(() => validate(resource), expected, `${what} is taken`);
};
const except = (properties, key) => Object.fromEntries(Object.entries(properties).filter(([name]) => name !== key));
const kinds = new Map([...seen.values()].map((resource) => [resource.Type, resource]));
let required = 0;
for (const { Type, Properties } of kinds.values()) {
  const type = types.get(Type);
  for (const [key, { mine }] of type.known.get(type.renders)) {
    if (!type.required.includes(mine)) continue;
    refused(`${Type} without ${key}`, { Type, Properties: except(Properties, key) }, /required/);
    required += 1;
  }
  refused(`${Type} with an unknown property`, { Type, Properties: { ...Properties, Nonsense: 1 } }, /no property Nonsense/);
}
assert.ok(required >= kinds.size, `only ${required} required properties were found`);

const spoilt = [
  ['Dispatch', { MemorySize: 64 }],
  ['Dispatch', { Timeout: 'soon' }],
  ['Dispatch', { Cpu: 17 }],
  ['Dispatch', { InstanceConcurrency: 0.5 }],
  ['Dispatch', { Description: 'x'.repeat(257) }],
  ['Dispatch', { Code: { OssBucketName: ['code'] } }],
  ['Dispatch', { EnvironmentVariables: 'A=1' }],
  ['Timer', { TriggerConfig: 'every five minutes' }],
  ['Flow', { Definition: { Type: 'StateMachine' } }],
  ['LogStore', { ShardCount: 'one' }],
  ['DispatchRole', { Policies: [{ PolicyDocument: {} }] }],
  ['Common', { PolicyDocument: 'all' }],
  ['StateEvents', { Targets: 'dispatch' }],
];
for (const [id, change] of spoilt) {
  const { Type, Properties } = seen.get(id);
  const what = `${id} with ${JSON.stringify(change).slice(0, 60)}`;
  refused(what, { Type, Properties: { ...Properties, ...change } }, /supplied properties not correct|as it is rendered/i);
}

console.error(`template: ${checks} checks, all well`);
console.log(checks);
