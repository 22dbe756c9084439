// Verifies a receipt of a HealthChain log with nothing but the platform's cryptography. docs/ledger.md says what each step checks;
// the C# in src/LedgerProofs does the same, and tests compare the two.

const MAX_BYTES = 1 << 20;
const MAX_NOTE_BYTES = 128 << 10;
const MAX_HASHES = 64;
const MAX_SIGNATURES = 64;
const MAX_ANCHORS = 64;
const MAX_NUMBER = 2n ** 63n - 1n;
const LAST_INSTANT = 253402300799999n; // the end of the year 9999
const ED25519 = 1;
const COSIGNATURE = 4;

/** What is wrong with a receipt or a key, for a person to read. */
export class ReceiptProblem extends Error {}

/**
 * @param {Uint8Array} bytes the receipt
 * @param {string[]} keys vkeys (name+id+base64) of logs and of witnesses that the caller trusts
 * @param {number} needed how many of the witnesses must have cosigned
 * @returns what the receipt proves; throws a ReceiptProblem where it proves nothing
 */
export async function verifyReceipt(bytes, keys, needed = 0) {
  const trusted = [];
  for (const key of keys) {
    trusted.push(await readKey(key));
  }

  check(needed <= trusted.filter(key => key.type === COSIGNATURE).length, "fewer witnesses are named than must have cosigned");
  const receipt = readReceipt(bytes);
  const checkpoint = readCheckpoint(receipt.note.text);
  const log = await findLog(receipt.note, checkpoint.origin, trusted);
  const witnesses = await findWitnesses(receipt.note, trusted);
  check(witnesses.length >= needed, `${witnesses.length} of the ${needed} witnesses that are needed have cosigned`);

  const entry = await sha256(ascii("HCL1"), receipt.salt, await sha256(receipt.statement));
  const leaf = await sha256([0], entry);
  const included = receipt.index < checkpoint.size
    && await rangeVerifies(receipt.index, receipt.index + 1n, leaf, receipt.proof, checkpoint);
  check(included, `the log of size ${checkpoint.size} does not have this statement at index ${receipt.index}`);

  const statement = readStatement(receipt.statement);
  check(statement.origin === checkpoint.origin && statement.sequence - 1n === receipt.index,
    "the statement names another log or another place in it");
  for (const [i, anchor] of receipt.anchors.entries()) {
    check(anchor.size > receipt.index, `anchor ${i + 1} was made before the entry`);
    const [older, newer] = anchor.size <= checkpoint.size ? [anchor, checkpoint] : [checkpoint, anchor];
    check(await rangeVerifies(0n, older.size, older.root, anchor.consistency, newer),
      `anchor ${i + 1} is of a head that the checkpoint contradicts`);
  }

  return { index: receipt.index, statement, checkpoint, log, witnesses, anchors: receipt.anchors };
}

/** SHA-256 of some bytes, in hexadecimal. */
export async function contentHash(bytes) {
  return hex(await sha256(bytes));
}

function check(holds, problem) {
  if (!holds) {
    throw new ReceiptProblem(problem);
  }
}

// ---- The text: c2sp.org/tlog-proof, signed-note and tlog-checkpoint ----

function readReceipt(bytes) {
  check(bytes.length <= MAX_BYTES, `the proof is longer than ${MAX_BYTES} bytes`);
  const text = utf8(bytes, "the proof is not UTF-8");
  const end = text.indexOf("\n\n");
  check(end >= 0 && /^[\x00-\x7f]*$/.test(text.slice(0, end)), "the proof is not of lines of ASCII, an empty line, and a checkpoint");
  const lines = text.slice(0, end).split("\n");
  check(lines.shift() === "c2sp.org/tlog-proof@v1", "the first line is not c2sp.org/tlog-proof@v1");
  check(lines.length > 0 && lines[0].startsWith("extra "), "the receipt does not open its entry: it has no extra line");
  const extra = base64(lines.shift().slice("extra ".length), "the extra line is not base64");
  check(lines.length > 0 && lines[0].startsWith("index "), "there is no line with the index where it belongs");
  const index = number(lines.shift().slice("index ".length), "there is no line with the index where it belongs");
  check(lines.length <= MAX_HASHES, "the proof has more hashes than any");
  const proof = lines.map(line => hash(line, "a line of the proof is no hash of 32 bytes"));
  return { index, proof, note: readNote(text.slice(end + 2)), ...readExtra(extra) };
}

function readExtra(bytes) {
  let extra;
  try {
    extra = JSON.parse(utf8(bytes, "the extra line is not base64 of JSON"));
  } catch {
    throw new ReceiptProblem("the extra line is not base64 of JSON");
  }

  check(extra !== null && typeof extra === "object", "the extra line has no statement and salt in base64");
  const statement = base64(extra.statement, "the extra line has no statement and salt in base64");
  const salt = base64(extra.salt, "the extra line has no statement and salt in base64");
  check(salt.length === 16, `the salt has ${salt.length} bytes, not 16`);
  const anchors = extra.anchors ?? [];
  check(Array.isArray(anchors), "the anchors are no array");
  check(anchors.length <= MAX_ANCHORS, `there are more than ${MAX_ANCHORS} anchors`);
  return { statement, salt, anchors: anchors.map((anchor, i) => readAnchor(anchor, `anchor ${i + 1} is none`)) };
}

function readAnchor(anchor, problem) {
  check(anchor !== null && typeof anchor === "object", problem);
  for (const name of ["chain", "contract", "transaction", "blockHash"]) {
    check(typeof anchor[name] === "string" && /^[!-~]{1,128}$/.test(anchor[name]), problem);
  }

  for (const name of ["blockNumber", "size"]) {
    check(Number.isSafeInteger(anchor[name]) && anchor[name] >= 0, problem);
  }

  const consistency = anchor.consistency ?? [];
  check(Array.isArray(consistency) && consistency.length <= MAX_HASHES, problem);
  return {
    chain: anchor.chain,
    contract: anchor.contract,
    transaction: anchor.transaction,
    blockNumber: anchor.blockNumber,
    blockHash: anchor.blockHash,
    size: BigInt(anchor.size),
    root: hash(anchor.root, problem),
    consistency: consistency.map(item => hash(item, problem)),
  };
}

function readNote(text) {
  check(new TextEncoder().encode(text).length <= MAX_NOTE_BYTES, `the note is longer than ${MAX_NOTE_BYTES} bytes`);
  const blank = text.lastIndexOf("\n\n");
  check(blank >= 0 && text.endsWith("\n") && !/[\x00-\x09\x0b-\x1f]/.test(text),
    "the note is not a text, an empty line, and signature lines");
  const lines = text.slice(blank + 2).split("\n").slice(0, -1);
  check(lines.length > 0, "the note has no signature");
  check(lines.length <= MAX_SIGNATURES, `the note has more than ${MAX_SIGNATURES} signatures`);
  const signatures = lines.map((line, i) => {
    const problem = `line ${i + 1} of the note's signatures is none`;
    const parts = /^\u2014 ([^\s+]+) (\S+)$/u.exec(line);
    check(parts !== null, problem);
    const bytes = base64(parts[2], problem);
    check(bytes.length > 4, problem);
    return { name: parts[1], id: hex(bytes.subarray(0, 4)), bytes: bytes.subarray(4) };
  });
  return { text: text.slice(0, blank + 1), signatures };
}

function readCheckpoint(text) {
  const lines = text.split("\n");
  check(lines.length === 4 && lines[3] === "" && lines[0] !== "", "the checkpoint is not of the three lines origin, size and root");
  return {
    origin: lines[0],
    size: number(lines[1], "the checkpoint's size is no number"),
    root: hash(lines[2], "the checkpoint's root is no hash of 32 bytes"),
  };
}

// ---- Keys and signatures ----

async function readKey(text) {
  const parts = /^([^\s+]+)\+([0-9a-fA-F]{8})\+(\S+)$/u.exec(text);
  check(parts !== null, "the key is not of the form name+keyid+base64");
  const bytes = base64(parts[3], "the key is not of the form name+keyid+base64");
  check(bytes.length === 33 && (bytes[0] === ED25519 || bytes[0] === COSIGNATURE),
    "the key is neither Ed25519 (type 1) nor an Ed25519 cosignature (type 4)");
  const id = hex((await sha256(new TextEncoder().encode(`${parts[1]}\n`), bytes)).subarray(0, 4));
  check(id === parts[2].toLowerCase(), "the key id does not belong to the name and the key");
  return { text, name: parts[1], id, type: bytes[0], key: bytes.subarray(1) };
}

async function findLog(note, origin, trusted) {
  let log = null;
  for (const key of trusted.filter(key => key.type === ED25519 && key.name === origin)) {
    const seen = await checkSignatures(note, key, `the signature of the log ${key.name} is wrong`);
    log ??= seen === null ? null : key.text;
  }

  check(log !== null, `no trusted key of the log ${origin} has signed the checkpoint`);
  return log;
}

async function findWitnesses(note, trusted) {
  const witnesses = [];
  for (const key of trusted.filter(key => key.type === COSIGNATURE)) {
    const time = await checkSignatures(note, key, `the signature of the witness ${key.name} is wrong`);
    if (time !== null) {
      witnesses.push({ name: key.name, time });
    }
  }

  return witnesses;
}

/** The latest time of the key's signatures, 0 where they have none; null when no line is the key's. All that are must hold. */
async function checkSignatures(note, key, problem) {
  let latest = null;
  for (const line of note.signatures.filter(line => line.name === key.name && line.id === key.id)) {
    let time = 0n;
    let [message, signature] = [note.text, line.bytes];
    if (key.type === COSIGNATURE) {
      check(signature.length === 72, problem);
      time = new DataView(signature.buffer, signature.byteOffset).getBigInt64(0);
      check(time >= 0n, problem);
      message = `cosignature/v1\ntime ${time}\n${note.text}`;
      signature = signature.subarray(8);
    }

    check(await ed25519Verifies(key.key, new TextEncoder().encode(message), signature), problem);
    latest = latest === null || time > latest ? time : latest;
  }

  return latest;
}

async function ed25519Verifies(key, message, signature) {
  if (signature.length !== 64) {
    return false;
  }

  let imported;
  try {
    imported = await crypto.subtle.importKey("raw", key, { name: "Ed25519" }, false, ["verify"]);
  } catch {
    // A browser that does not know Ed25519 yet.
    return await plainEd25519Verifies(key, message, signature);
  }

  return await crypto.subtle.verify({ name: "Ed25519" }, imported, signature, message);
}

// ---- Merkle proofs: one walk for inclusion and consistency, as MerkleProof.VerifyRange ----

async function rangeVerifies(start, end, range, proof, tree) {
  if (start >= end || end > tree.size) {
    return false;
  }

  let [first, last, rightmost] = [start, end - 1n, tree.size - 1n];
  const up = () => { [first, last, rightmost] = [first >> 1n, last >> 1n, rightmost >> 1n]; };
  while (first !== last && (last === rightmost || (last & 1n) === 1n)) {
    up();
  }

  const hashes = [...proof];
  let rebuilt = first === last ? range : hashes.shift();
  if (rebuilt === undefined) {
    return false;
  }

  let root = rebuilt;
  for (const sibling of hashes) {
    if (rightmost === 0n) {
      return false;
    }

    if ((last & 1n) === 1n || last === rightmost) {
      rebuilt = first < last ? await node(sibling, rebuilt) : rebuilt;
      root = await node(sibling, root);
      while ((last & 1n) === 0n) {
        up();
      }
    } else {
      root = await node(root, sibling);
    }

    up();
  }

  return rightmost === 0n && hex(rebuilt) === hex(range) && hex(root) === hex(tree.root);
}

function node(left, right) {
  return sha256([1], left, right);
}

// ---- The statement ----

function readStatement(bytes) {
  const problem = "the statement is of no form that is known";
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 0;
  const take = length => {
    check(at + length <= bytes.length, problem);
    at += length;
    return at - length;
  };
  const byte = () => view.getUint8(take(1));
  const long = () => view.getBigInt64(take(8));
  const digest = () => { const from = take(32); return hex(bytes.subarray(from, from + 32)); };
  const text = () => {
    const length = byte();
    const from = take(length);
    const characters = String.fromCharCode(...bytes.subarray(from, from + length));
    check(/^[!-~]+$/.test(characters), problem);
    return characters;
  };
  const longs = count => Array.from({ length: count }, long);
  const set = () => {
    const count = view.getInt32(take(4));
    check(count >= 0, problem);
    return count > 64 ? { count, root: digest() } : { count, listed: longs(count) };
  };

  check(byte() === 1, problem);
  const kind = String.fromCharCode(byte());
  const statement = { kind, origin: text(), sequence: long(), instant: long() };
  const { sequence, instant } = statement;
  const earlier = other => other >= 0n && other < sequence;
  const allEarlier = ({ count, listed = [] }) =>
    count < sequence && listed.every((one, i) => earlier(one) && one > (i === 0 ? 0n : listed[i - 1]));
  let holds;
  if (kind === "V") {
    Object.assign(statement, {
      type: text(), id: text(), version: long(), operation: String.fromCharCode(byte()), content: digest(),
      previousOfResource: long(), previousOfPatient: long(),
    });
    holds = statement.type.length <= 64 && statement.id.length <= 64 && statement.version > 0n && "CUD".includes(statement.operation)
      && (statement.operation === "D") === /^0+$/.test(statement.content)
      && (statement.version === 1n) === (statement.previousOfResource === 0n)
      && earlier(statement.previousOfResource) && earlier(statement.previousOfPatient);
  } else if (kind === "A") {
    Object.assign(statement, {
      content: digest(), accessed: set(), consent: long(), previousOfPatients: longs(view.getUint16(take(2))),
    });
    holds = allEarlier(statement.accessed) && earlier(statement.consent) && statement.previousOfPatients.every(earlier);
  } else if (kind === "E") {
    Object.assign(statement, { content: digest(), erased: set(), previousOfPatient: long() });
    holds = allEarlier(statement.erased) && earlier(statement.previousOfPatient);
  } else {
    check(kind === "K", problem);
    statement.content = digest();
    holds = true;
  }

  check(holds && at === bytes.length && sequence > 0n && instant >= 0n && instant <= LAST_INSTANT, problem);
  return statement;
}

// ---- Encodings, each with one spelling for one value ----

function number(text, problem) {
  check(/^(0|[1-9][0-9]{0,18})$/.test(text) && BigInt(text) <= MAX_NUMBER, problem);
  return BigInt(text);
}

function base64(text, problem) {
  check(typeof text === "string" && text !== "" && /^[A-Za-z0-9+/]*={0,2}$/.test(text) && text.length % 4 === 0, problem);
  const binary = atob(text);
  check(btoa(binary) === text, problem);
  return Uint8Array.from(binary, character => character.charCodeAt(0));
}

function hash(text, problem) {
  const bytes = base64(text, problem);
  check(bytes.length === 32, problem);
  return bytes;
}

function utf8(bytes, problem) {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new ReceiptProblem(problem);
  }
}

function ascii(text) {
  return Uint8Array.from(text, character => character.charCodeAt(0));
}

function hex(bytes) {
  return Array.from(bytes, byte => byte.toString(16).padStart(2, "0")).join("");
}

async function sha256(...parts) {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", concat(parts)));
}

function concat(parts) {
  const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }

  return all;
}

// ---- Ed25519 (RFC 8032 §5.1) for browsers without it. Everything here is public, so that time need not be constant. ----

const P = 2n ** 255n - 19n;
const L = 2n ** 252n + 27742317777372353535851937790883648493n;
const D = mod(-121665n * power(121666n, P - 2n));
const ROOT_OF_MINUS_ONE = power(2n, (P - 1n) / 4n);
const BASE = decompress(concat([[0x58], new Uint8Array(31).fill(0x66)]));

/** Whether encode([s]B - [k]A) is the signature's R. */
export async function plainEd25519Verifies(key, message, signature) {
  const a = decompress(key);
  const s = littleEndian(signature.subarray(32));
  if (a === null || s >= L) {
    return false;
  }

  const digest = await crypto.subtle.digest("SHA-512", concat([signature.subarray(0, 32), key, message]));
  const k = littleEndian(new Uint8Array(digest)) % L;
  const minusA = [mod(-a[0]), a[1], a[2], mod(-a[3])];
  return hex(compress(add(multiply(s, BASE), multiply(k, minusA)))) === hex(signature.subarray(0, 32));
}

function mod(x) {
  const rest = x % P;
  return rest < 0n ? rest + P : rest;
}

function power(base, exponent) {
  let result = 1n;
  for (let square = mod(base); exponent > 0n; exponent >>= 1n, square = square * square % P) {
    result = exponent & 1n ? result * square % P : result;
  }

  return result;
}

/** Points are (X, Y, Z, T) with x = X/Z, y = Y/Z, xy = T/Z. */
function add([x1, y1, z1, t1], [x2, y2, z2, t2]) {
  const a = mod((y1 - x1) * (y2 - x2));
  const b = mod((y1 + x1) * (y2 + x2));
  const c = mod(2n * t1 * D * t2);
  const d = mod(2n * z1 * z2);
  const [e, f, g, h] = [b - a, d - c, d + c, b + a];
  return [mod(e * f), mod(g * h), mod(f * g), mod(e * h)];
}

function multiply(scalar, point) {
  let result = [0n, 1n, 1n, 0n];
  for (; scalar > 0n; scalar >>= 1n, point = add(point, point)) {
    result = scalar & 1n ? add(result, point) : result;
  }

  return result;
}

function decompress(bytes) {
  const encoded = littleEndian(bytes);
  const [sign, y] = [encoded >> 255n, encoded & (2n ** 255n - 1n)];
  if (y >= P) {
    return null;
  }

  const [u, v] = [mod(y * y - 1n), mod(D * y * y + 1n)];
  let x = mod(u * v ** 3n * power(u * v ** 7n, (P - 5n) / 8n));
  if (mod(v * x * x) !== u) {
    x = mod(x * ROOT_OF_MINUS_ONE);
  }

  if (mod(v * x * x) !== u || (x === 0n && sign === 1n)) {
    return null;
  }

  x = (x & 1n) === sign ? x : mod(-x);
  return [x, y, 1n, mod(x * y)];
}

function compress([x, y, z]) {
  const inverse = power(z, P - 2n);
  let encoded = mod(y * inverse) | (mod(x * inverse) & 1n) << 255n;
  return Uint8Array.from({ length: 32 }, () => {
    const byte = Number(encoded & 255n);
    encoded >>= 8n;
    return byte;
  });
}

function littleEndian(bytes) {
  return bytes.reduceRight((value, byte) => value << 8n | BigInt(byte), 0n);
}
