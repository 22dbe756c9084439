// node verify-receipts.mjs RECEIPT_MODULE: reads cases as JSON from standard input and writes a verdict for each.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const { verifyReceipt, plainEd25519Verifies, contentHash, ReceiptProblem } = await import(pathToFileURL(process.argv[2]));
const bytes = text => new Uint8Array(Buffer.from(text, "base64"));

async function judge({ receipt, keys, needed, signature }) {
  if (signature) {
    return { valid: await plainEd25519Verifies(bytes(signature.key), bytes(signature.message), bytes(signature.bytes)) };
  }

  try {
    const { index, statement, checkpoint, log, witnesses, anchors } = await verifyReceipt(bytes(receipt), keys, needed);
    return {
      index, statement, log,
      origin: checkpoint.origin, size: checkpoint.size, root: Buffer.from(checkpoint.root).toString("base64"),
      witnesses: witnesses.map(witness => `${witness.name} ${witness.time}`),
      anchors: anchors.map(anchor => `${anchor.chain}:${anchor.contract} ${anchor.size}`),
      receiptHash: await contentHash(bytes(receipt)),
    };
  } catch (problem) {
    // Anything else is a fault of the script.
    if (!(problem instanceof ReceiptProblem)) {
      throw problem;
    }

    return { problem: problem.message };
  }
}

const verdicts = [];
for (const one of JSON.parse(readFileSync(0, "utf8"))) {
  verdicts.push(await judge(one));
}

process.stdout.write(JSON.stringify(verdicts, (_, value) => typeof value === "bigint" ? value.toString() : value));
