// Compiles src/LedgerAnchor/contracts into the artefacts that the product embeds: node compile.mjs SOURCES OUTPUT.
// The byte code carries no metadata, so that it depends on the code alone and not on comments.
import { createRequire } from 'node:module';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const require = createRequire(import.meta.url);
const solc = require('solc');

const [sourceFolder, outputFolder] = process.argv.slice(2);
const settings = {
  // The London rules without PUSH0: older Besu and Quorum networks run it too.
  evmVersion: 'paris',
  optimizer: { enabled: true, runs: 10000 },
  viaIR: true,
  metadata: { bytecodeHash: 'none', appendCBOR: false },
};
const files = readdirSync(sourceFolder).filter(name => name.endsWith('.sol')).sort();
const output = JSON.parse(solc.compile(JSON.stringify({
  language: 'Solidity',
  sources: Object.fromEntries(files.map(name => [name, { content: readFileSync(join(sourceFolder, name), 'utf8') }])),
  settings: { ...settings, outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object', 'evm.deployedBytecode.object', 'storageLayout'] } } },
})));

for (const message of output.errors ?? []) {
  console.error(message.formattedMessage);
}
if ((output.errors ?? []).length > 0) {
  process.exit(1);
}

for (const file of files) {
  for (const [name, contract] of Object.entries(output.contracts[file])) {
    if (contract.evm.bytecode.object === '') {
      continue;
    }
    const artefact = {
      contract: name,
      compiler: solc.version(),
      settings,
      abi: contract.abi,
      storage: contract.storageLayout.storage.map(({ label, slot, offset, type }) => ({ label, slot, offset, type })),
      creationCode: '0x' + contract.evm.bytecode.object,
      runtimeCode: '0x' + contract.evm.deployedBytecode.object,
    };
    writeFileSync(join(outputFolder, `${name}.json`), JSON.stringify(artefact, null, 1) + '\n');
    console.log(`${name}: ${contract.evm.deployedBytecode.object.length / 2} bytes`);
  }
}
