// Answers conversions, one JSON object {from, value, to} a line, with {status, value, message} a line, as the npm package sees them.
import { createInterface } from 'node:readline';
import ucum from '@lhncbc/ucum-lhc';

// The package reports on the console what it also returns.
console.log = () => {};

const units = ucum.UcumLhcUtils.getInstance();
for await (const line of createInterface({ input: process.stdin })) {
  const { from, value, to } = JSON.parse(line);
  let answer;
  try {
    const result = units.convertUnitTo(from, value, to);
    answer = { status: result.status, value: result.toVal, message: result.msg.join(' ') };
  } catch (thrown) {
    answer = { status: 'thrown', value: null, message: thrown.message };
  }
  if (answer.value !== null && !Number.isFinite(answer.value)) {
    answer = { status: 'failed', value: null, message: `the value is ${answer.value}` };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
