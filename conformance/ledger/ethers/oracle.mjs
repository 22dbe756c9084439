// Answers one question a line with what ethers computes; a question that ethers refuses gets {"refused": true}.
import readline from "node:readline";
import {
  AbiCoder, Interface, SigningKey, Transaction, TypedDataEncoder, Wallet, computeAddress, decodeRlp, decryptKeystoreJsonSync, encodeRlp,
  encryptKeystoreJsonSync, getAddress, getBytes, getCreateAddress, hashMessage, keccak256, recoverAddress,
} from "ethers";

const coder = AbiCoder.defaultAbiCoder();

// Big integers as decimal text; tuples and lists alike as arrays.
const plain = value =>
  typeof value === "bigint" ? value.toString()
    : value !== null && typeof value === "object" && Symbol.iterator in value ? Array.from(value, plain)
    : value;

const questions = {
  keccak: ({ data }) => ({ hash: keccak256(data) }),

  key: ({ secret, nonce }) => {
    const address = computeAddress(secret);
    return { address, publicKey: SigningKey.computePublicKey(secret), contract: getCreateAddress({ from: address, nonce }) };
  },

  address: ({ text }) => ({ address: getAddress(text) }),

  transaction: ({ secret, fields }) => {
    const transaction = Transaction.from(fields);
    const unsigned = transaction.unsignedHash;
    transaction.signature = new SigningKey(secret).sign(unsigned);
    return { unsigned, raw: transaction.serialized, hash: transaction.hash, from: transaction.from };
  },

  encode: ({ types, values }) => ({ data: coder.encode(types, values) }),

  decode: ({ types, data }) => ({ values: plain(coder.decode(types, data)) }),

  call: ({ signature, name, values }) => {
    const contract = new Interface([`function ${signature}`]);
    return { selector: contract.getFunction(name).selector, signature: contract.getFunction(name).format("sighash"), data: contract.encodeFunctionData(name, values) };
  },

  event: ({ signature, name, values }) => {
    const contract = new Interface([`event ${signature}`]);
    return contract.encodeEventLog(name, values);
  },

  error: ({ signature, name, values }) => ({ data: new Interface([`error ${signature}`]).encodeErrorResult(name, values) }),

  typedData: ({ secret, domain, types, primaryType, message }) => ({
    type: TypedDataEncoder.from(types).encodeType(primaryType),
    separator: TypedDataEncoder.hashDomain(domain),
    struct: TypedDataEncoder.hashStruct(primaryType, types, message),
    hash: TypedDataEncoder.hash(domain, types, message),
    payload: JSON.stringify(TypedDataEncoder.getPayload(domain, types, message)),
    signature: new SigningKey(secret).sign(TypedDataEncoder.hash(domain, types, message)).serialized,
  }),

  // What a wallet does that is asked by eth_signTypedData_v4: all it has is one text.
  wallet: async ({ secret, text }) => {
    const { domain, types: { EIP712Domain, ...types }, primaryType, message } = JSON.parse(text);
    const wallet = new Wallet(secret);
    return {
      address: wallet.address,
      domain: EIP712Domain.map(field => field.name),
      isPrimary: TypedDataEncoder.getPrimaryType(types) === primaryType,
      signature: await wallet.signTypedData(domain, types, message),
    };
  },

  message: ({ secret, message }) => ({
    hash: hashMessage(getBytes(message)),
    signature: new SigningKey(secret).sign(hashMessage(getBytes(message))).serialized,
  }),

  recover: ({ hash, signature }) => ({ address: recoverAddress(hash, signature) }),

  rlp: ({ items }) => ({ data: encodeRlp(items) }),

  unrlp: ({ data }) => ({ items: decodeRlp(data) }),

  openKeystore: ({ json, password }) => {
    const account = decryptKeystoreJsonSync(json, getBytes(password));
    return { address: account.address, secret: account.privateKey };
  },

  writeKeystore: ({ secret, password, cost }) => ({
    json: encryptKeystoreJsonSync({ address: computeAddress(secret), privateKey: secret }, getBytes(password), { scrypt: { N: cost, r: 8, p: 1 } }),
  }),
};

for await (const line of readline.createInterface({ input: process.stdin })) {
  const question = JSON.parse(line);
  let answer;
  try {
    answer = await questions[question.kind](question);
  } catch (e) {
    answer = { refused: true, reason: String(e.shortMessage ?? e.message) };
  }
  process.stdout.write(JSON.stringify(answer) + "\n");
}
