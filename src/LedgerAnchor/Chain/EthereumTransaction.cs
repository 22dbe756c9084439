using System.Numerics;
using HealthChain.LedgerProofs;

namespace HealthChain.LedgerAnchor.Chain;

/// <summary>What a sender is willing to pay for a unit of gas, in wei.</summary>
/// <param name="Max">At most this; of a legacy transaction the price itself.</param>
/// <param name="Tip">At most this of it for the block's proposer (EIP-1559); null makes a legacy transaction, for chains without a base fee.</param>
public readonly record struct GasFee(BigInteger Max, BigInteger? Tip)
{
    public override string ToString() => Tip is { } tip ? $"{Max} (tip {tip})" : $"{Max}";
}

/// <summary>What a transaction says that it will touch (EIP-2930).</summary>
public sealed record AccessListEntry(EthereumAddress Address, IReadOnlyList<Hash256> StorageKeys);

/// <summary>A transaction before it is signed: legacy with EIP-155, with an access list (EIP-2930), or with EIP-1559's fees.</summary>
/// <param name="To">Null makes a contract of the data.</param>
public sealed record EthereumTransaction(
    long ChainId,
    long Nonce,
    GasFee Fee,
    long GasLimit,
    EthereumAddress? To,
    BigInteger Value,
    ReadOnlyMemory<byte> Data)
{
    private const int LegacyProtected = 35;

    /// <summary>Null for a legacy transaction; one with EIP-1559's fees need not have any.</summary>
    public IReadOnlyList<AccessListEntry>? AccessList { get; init; }

    /// <summary>0 legacy, 1 with an access list, 2 with EIP-1559's fees.</summary>
    public int Type => (Fee.Tip, AccessList) switch
    {
        ({ }, _) => 2,
        (null, { }) => 1,
        _ => 0,
    };

    /// <summary>What the sender signs.</summary>
    /// <exception cref="ArgumentException">No chain would take it.</exception>
    public Hash256 SigningHash() => Keccak256.Of(Encode(null));

    /// <summary>As it goes to a node.</summary>
    internal byte[] Encode(Secp256k1Signature? signature)
    {
        Check();
        var rlp = new RlpWriter();
        if (Type != 0)
        {
            rlp.WriteRaw([(byte)Type]);
        }

        rlp.BeginList();
        if (Type != 0)
        {
            rlp.Write(ChainId);
        }

        rlp.Write(Nonce);
        if (Fee.Tip is { } tip)
        {
            rlp.Write(tip);
        }

        rlp.Write(Fee.Max);
        rlp.Write(GasLimit);
        rlp.Write(To is { } to ? to.ToArray() : []);
        rlp.Write(Value);
        rlp.Write(Data.Span);
        if (Type != 0)
        {
            WriteAccessList(rlp);
        }

        WriteSignature(rlp, signature);
        rlp.EndList();
        return rlp.ToArray();
    }

    /// <summary>Reads a signed transaction.</summary>
    /// <exception cref="FormatException">It is none of the three types, is not canonical RLP, or is not bound to a chain (before EIP-155).</exception>
    internal static (EthereumTransaction Transaction, Secp256k1Signature Signature) Decode(ReadOnlySpan<byte> raw)
    {
        int type = raw is [1 or 2, ..] ? raw[0] : 0;
        var rlp = new RlpReader(type == 0 ? raw : raw[1..]);
        var fields = rlp.ReadList();
        rlp.ExpectEnd();
        long chainId = type == 0 ? 0 : fields.ReadLong();
        long nonce = fields.ReadLong();
        BigInteger? tip = type == 2 ? fields.ReadInteger() : null;
        var fee = new GasFee(fields.ReadInteger(), tip);
        long gasLimit = fields.ReadLong();
        EthereumAddress? to = fields.ReadText() is { Length: > 0 } address ? AddressOf(address) : null;
        BigInteger value = fields.ReadInteger();
        byte[] data = fields.ReadText().ToArray();
        var accessList = type == 0 ? null : ReadAccessList(fields.ReadList());
        long v = fields.ReadLong();
        if (type == 0)
        {
            chainId = (v - LegacyProtected) / 2;
            v -= LegacyProtected + 2 * chainId;
        }

        if (v is not (0 or 1) || chainId < 1)
        {
            throw new FormatException("A transaction names no chain, or no signer.");
        }

        var signature = new Secp256k1Signature(HashOf(fields.ReadInteger()), HashOf(fields.ReadInteger()), v == 1);
        fields.ExpectEnd();
        return (new EthereumTransaction(chainId, nonce, fee, gasLimit, to, value, data) { AccessList = accessList }, signature);
    }

    // Refused here, because a node's answer to it would come too late and say less.
    private void Check()
    {
        BigInteger limit = BigInteger.One << 256;
        Require(ChainId > 0 && ChainId <= (long.MaxValue - LegacyProtected - 1) / 2, "its chain id is not that of a chain");
        Require(Nonce >= 0 && GasLimit >= 0, "its nonce or gas limit is negative");
        Require(Fee.Max.Sign >= 0 && Fee.Max < limit && (Fee.Tip ?? 0).Sign >= 0, "its fee is out of range");
        Require(Fee.Tip is null || Fee.Tip <= Fee.Max, "its tip is larger than its fee");
        Require(Value.Sign >= 0 && Value < limit, "its value is out of range");
    }

    private static void Require(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw new ArgumentException("This transaction cannot be: " + otherwise + ".", nameof(holds));
        }
    }

    private void WriteAccessList(RlpWriter rlp)
    {
        rlp.BeginList();
        foreach (AccessListEntry entry in AccessList ?? [])
        {
            rlp.BeginList();
            rlp.Write(entry.Address.ToArray());
            rlp.BeginList();
            foreach (Hash256 key in entry.StorageKeys)
            {
                rlp.Write(key.ToArray());
            }

            rlp.EndList();
            rlp.EndList();
        }

        rlp.EndList();
    }

    private void WriteSignature(RlpWriter rlp, Secp256k1Signature? signature)
    {
        if (signature is { } signed)
        {
            int parity = signed.IsOdd ? 1 : 0;
            rlp.Write(Type == 0 ? (2 * ChainId) + LegacyProtected + parity : parity);
            rlp.Write(new BigInteger(signed.R.ToArray(), isUnsigned: true, isBigEndian: true));
            rlp.Write(new BigInteger(signed.S.ToArray(), isUnsigned: true, isBigEndian: true));
        }
        else if (Type == 0)
        {
            // EIP-155: the chain takes the place of the signature in what is signed.
            rlp.Write(ChainId);
            rlp.Write(0);
            rlp.Write(0);
        }
    }

    private static List<AccessListEntry> ReadAccessList(RlpReader list)
    {
        var entries = new List<AccessListEntry>();
        while (!list.IsAtEnd)
        {
            var entry = list.ReadList();
            var address = new EthereumAddress(entry.ReadText(EthereumAddress.Bytes));
            var keys = entry.ReadList();
            entry.ExpectEnd();
            var hashes = new List<Hash256>();
            while (!keys.IsAtEnd)
            {
                hashes.Add(new Hash256(keys.ReadText(Hash256.Bytes)));
            }

            entries.Add(new AccessListEntry(address, hashes));
        }

        return entries;
    }

    private static EthereumAddress AddressOf(ReadOnlySpan<byte> bytes) =>
        bytes.Length == EthereumAddress.Bytes ? new EthereumAddress(bytes) : throw new FormatException("A transaction goes to no address.");

    private static Hash256 HashOf(BigInteger number)
    {
        byte[] bytes = new byte[Hash256.Bytes];
        number.TryWriteBytes(bytes.AsSpan(Hash256.Bytes - number.GetByteCount(isUnsigned: true)), out _, isUnsigned: true, isBigEndian: true);
        return new Hash256(bytes);
    }
}

/// <summary>A transaction with the signature of its sender.</summary>
public sealed record SignedTransaction
{
    /// <exception cref="ArgumentException">No chain would take it, or the signature is nobody's.</exception>
    public SignedTransaction(EthereumTransaction transaction, Secp256k1Signature signature)
        : this(transaction, signature, Recover(transaction, signature))
    {
    }

    /// <param name="from">Whose signature it is, where that is known already.</param>
    internal SignedTransaction(EthereumTransaction transaction, Secp256k1Signature signature, EthereumAddress from)
    {
        Transaction = transaction;
        Signature = signature;
        Raw = transaction.Encode(signature);
        Hash = Keccak256.Of(Raw.Span);
        From = from;
    }

    public EthereumTransaction Transaction { get; }

    public Secp256k1Signature Signature { get; }

    /// <summary>As <c>eth_sendRawTransaction</c> takes it.</summary>
    public ReadOnlyMemory<byte> Raw { get; }

    public Hash256 Hash { get; }

    public EthereumAddress From { get; }

    /// <exception cref="FormatException">It is no transaction that a chain of today takes.</exception>
    public static SignedTransaction Decode(ReadOnlySpan<byte> raw)
    {
        (EthereumTransaction transaction, Secp256k1Signature signature) = EthereumTransaction.Decode(raw);
        try
        {
            return new SignedTransaction(transaction, signature);
        }
        catch (ArgumentException e)
        {
            throw new FormatException(e.Message, e);
        }
    }

    private static EthereumAddress Recover(EthereumTransaction transaction, Secp256k1Signature signature) =>
        EthereumSignature.Recover(transaction.SigningHash(), signature) ?? throw new ArgumentException("The signature is nobody's, or has a malleable s.", nameof(signature));
}
