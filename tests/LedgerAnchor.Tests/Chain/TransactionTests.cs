using System.Numerics;
using HealthChain.LedgerAnchor.Chain;
using HealthChain.LedgerProofs;
using Xunit;

namespace HealthChain.LedgerAnchor.Tests.Chain;

public sealed class TransactionTests
{
    private static readonly EthereumTransaction _legacy = new(
        1, 9, new GasFee(20_000_000_000, null), 21_000, EthereumAddress.Parse("0x3535353535353535353535353535353535353535"), BigInteger.Pow(10, 18), default);

    private static LocalSigner Signer() => new(Enumerable.Repeat((byte)0x46, 32).ToArray());

    // The worked example of EIP-155.
    [Fact]
    public void A_legacy_transaction_is_signed_as_EIP_155_shows()
    {
        using LocalSigner signer = Signer();

        SignedTransaction signed = signer.Sign(_legacy);

        Assert.Equal("daf5a779ae972f972197303d7b574746c7ef83eadac0f2791ad23db92e4c8e53", _legacy.SigningHash().ToString());
        Assert.Equal(
            "f86c098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a76400008025a028ef61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa636276a067cbe9d8997f761aecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d83",
            Convert.ToHexStringLower(signed.Raw.Span));
        Assert.Equal(signer.Address, SignedTransaction.Decode(signed.Raw.Span).From);
    }

    [Fact]
    public void A_tip_larger_than_the_fee_is_refused()
    {
        using LocalSigner signer = Signer();

        Assert.Throws<ArgumentException>(() => signer.Sign(_legacy with { Fee = new GasFee(10, 11) }));
    }

    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(-1, 0, 0)]
    [InlineData(1, -1, 0)]
    [InlineData(1, 0, -1)]
    [InlineData(long.MaxValue, 0, 0)]
    public void Numbers_that_no_chain_knows_are_refused(long chain, long nonce, long gas)
    {
        using LocalSigner signer = Signer();

        Assert.Throws<ArgumentException>(() => signer.Sign(_legacy with { ChainId = chain, Nonce = nonce, GasLimit = gas }));
    }

    [Fact]
    public void The_malleable_twin_of_a_signature_is_nobodys()
    {
        using LocalSigner signer = Signer();
        Secp256k1Signature signature = signer.Sign(_legacy).Signature;
        var order = BigInteger.Parse("0fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141", System.Globalization.NumberStyles.HexNumber);
        byte[] s = (order - new BigInteger(signature.S.ToArray(), true, true)).ToByteArray(true, true);
        var twin = new Secp256k1Signature(signature.R, new Hash256(s), !signature.IsOdd);

        Assert.Equal(signer.Address, EthereumSignature.Recover(_legacy.SigningHash(), signature));
        Assert.Null(EthereumSignature.Recover(_legacy.SigningHash(), twin));
        Assert.Throws<ArgumentException>(() => new SignedTransaction(_legacy, twin));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void A_signed_transaction_of_each_type_reads_back_and_none_of_its_bytes_can_change_unseen(int type)
    {
        using LocalSigner signer = Signer();
        var access = new AccessListEntry(_legacy.To!.Value, [Hash256.Of([1]), Hash256.Of([2])]);
        EthereumTransaction transaction = type switch
        {
            0 => _legacy,
            1 => _legacy with { AccessList = [access] },
            _ => _legacy with { Fee = new GasFee(30, 2), Data = new byte[] { 1, 2, 3 }, To = null, AccessList = [access] },
        };
        SignedTransaction signed = signer.Sign(transaction);
        byte[] raw = signed.Raw.ToArray();

        SignedTransaction read = SignedTransaction.Decode(raw);

        Assert.Equal(type, read.Transaction.Type);
        Assert.Equal((signed.Hash, signed.From), (read.Hash, read.From));
        Assert.Equal(raw, read.Raw.ToArray());
        for (int at = 0; at < raw.Length; at++)
        {
            raw[at] ^= 1;
            Assert.NotEqual(signed.From, SenderOf(raw));
            raw[at] ^= 1;
        }
    }

    [Fact]
    public void A_transaction_without_a_chain_is_refused()
    {
        using LocalSigner signer = Signer();
        byte[] raw = signer.Sign(_legacy).Raw.ToArray();
        raw[raw.AsSpan().IndexOf(new byte[] { 0x25, 0xa0 })] = 27;

        Assert.Throws<FormatException>(() => SignedTransaction.Decode(raw));
    }

    [Fact]
    public void Neither_text_nor_refusals_show_the_key()
    {
        using LocalSigner signer = Signer();

        Assert.DoesNotContain("4646", signer.ToString());
        Assert.DoesNotContain("4646", Assert.Throws<ArgumentException>(() => new LocalSigner(Enumerable.Repeat((byte)0x46, 31).ToArray())).ToString());
    }

    [Fact]
    public void A_disposed_signer_signs_no_more()
    {
        LocalSigner signer = Signer();
        signer.Dispose();

        Assert.Throws<ObjectDisposedException>(() => signer.Sign(_legacy));
    }

    private static EthereumAddress? SenderOf(byte[] raw)
    {
        try
        {
            return SignedTransaction.Decode(raw).From;
        }
        catch (FormatException)
        {
            return null;
        }
    }
}
