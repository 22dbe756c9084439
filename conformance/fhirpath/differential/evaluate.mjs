// Evaluates expressions with npm's fhirpath. Reads lines { resource } or { id, expression } (on the resource last read) from
// standard input and writes { id, items } or { id, error } to standard output.
import { createInterface } from 'node:readline';
import fhirpath from 'fhirpath';
import model from 'fhirpath/fhir-context/r4/index.js';
import types from 'fhirpath/src/types.js';

const { ResourceNode } = types;

const compiled = new Map();
let resource = null;

// Its own resolve() goes to the network. This one knows contained resources, and of others the type that the reference names.
function resolve(inputs) {
  return inputs.flatMap(input => {
    const reference = typeof input.data === 'string' ? input.data : input.data?.reference;
    const target = reference?.startsWith('#')
      ? (resource.contained ?? []).find(candidate => candidate.id === reference.substring(1))
      : { resourceType: reference?.match(/([A-Za-z]+)\/[A-Za-z0-9.-]+(\/_history\/.+)?$/)?.[1] };
    return target?.resourceType ? [ResourceNode.makeResNode(this, target, null, null, null, null)] : [];
  });
}

const options = {
  async: false,
  traceFn: () => {},
  userInvocationTable: { resolve: { fn: resolve, arity: { 0: [] }, internalStructures: true } },
};

function compile(expression) {
  if (!compiled.has(expression)) {
    compiled.set(expression, fhirpath.compile(expression, model, options));
  }
  return compiled.get(expression);
}

// Dates, times and quantities that the engine computed are objects of its own; their text is what counts.
const plain = item => (item !== null && typeof item === 'object' && item.constructor?.name?.startsWith('FP_') ? item.toString() : item);

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  if (request.resource) {
    resource = request.resource;
    continue;
  }
  let answer;
  try {
    answer = { id: request.id, items: compile(request.expression)(resource, { resource, rootResource: resource }).map(plain) };
  } catch (error) {
    answer = { id: request.id, error: String(error.message ?? error) };
  }
  // A Long is a BigInt there, which JSON does not have.
  process.stdout.write(JSON.stringify(answer, (_, value) => (typeof value === 'bigint' ? Number(value) : value)) + '\n');
}
