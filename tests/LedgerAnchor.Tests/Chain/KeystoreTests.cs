using System.Security.Cryptography;
using System.Text;
using HealthChain.LedgerAnchor.Chain;
using Xunit;

namespace HealthChain.LedgerAnchor.Tests.Chain;

public sealed class KeystoreTests
{
    private const string Secret = "7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d";

    // The two test vectors of the Web3 Secret Storage definition; their password is testpassword.
    private const string Pbkdf2 = """
        {"crypto":{"cipher":"aes-128-ctr","cipherparams":{"iv":"6087dab2f9fdbbfaddc31a909735c1e6"},
        "ciphertext":"5318b4d5bcd28de64ee5559e671353e16f075ecae9f99c7a79a38af5f869aa46","kdf":"pbkdf2",
        "kdfparams":{"c":262144,"dklen":32,"prf":"hmac-sha256","salt":"ae3cd4e7013836a3df6bd7241b12db061dbe2c6785853cce422d148a624ce0bd"},
        "mac":"517ead924a9d0dc3124507e3393d175ce3ff7c1e96529c6c555ce9e51205e9b2"},"id":"3198bc9c-6672-5ab3-d995-4942343ae5b6","version":3}
        """;

    private const string ScryptVector = """
        {"crypto":{"cipher":"aes-128-ctr","cipherparams":{"iv":"83dbcc02d8ccb40e466191a123791e0e"},
        "ciphertext":"d172bf743a674da9cdad04534d56926ef8358534d458fffccd4e6ad2fbde479c","kdf":"scrypt",
        "kdfparams":{"dklen":32,"n":262144,"r":1,"p":8,"salt":"ab0c7876052600dd703518d6fc3fe8984592145b591fc8fb5c6d43190334ba19"},
        "mac":"2103ac29920d71da29f15d75b4a16dbe95cfd7ff8faea1056c33131d846e3097"},"id":"3198bc9c-6672-5ab3-d995-4942343ae5b6","version":3}
        """;

    [Theory]
    [InlineData(Pbkdf2)]
    [InlineData(ScryptVector)]
    public void The_definitions_own_files_open(string json)
    {
        using LocalSigner expected = new(Convert.FromHexString(Secret));
        using LocalSigner signer = Open(json);

        Assert.Equal(expected.Address, signer.Address);
    }

    [Fact]
    public void A_written_key_opens_with_its_password_alone()
    {
        using LocalSigner signer = LocalSigner.Create();
        byte[] json = Keystore.Write(signer, "geheim"u8, cost: 16);
        using LocalSigner read = Keystore.Open(json, "geheim"u8);

        Assert.Equal(signer.Address, read.Address);
        Assert.Throws<CryptographicException>(() => Keystore.Open(json, "Geheim"u8));
    }

    [Theory]
    [InlineData("\"version\":3", "\"version\":1")]
    [InlineData("aes-128-ctr", "aes-128-cbc")]
    [InlineData("\"n\":262144", "\"n\":262143")]
    [InlineData("\"n\":262144", "\"n\":1")]
    [InlineData("\"n\":262144", "\"n\":1073741824")]
    [InlineData("\"r\":1", "\"r\":0")]
    [InlineData("\"p\":8", "\"p\":2147483647")]
    [InlineData("\"dklen\":32", "\"dklen\":16")]
    [InlineData("\"kdf\":\"scrypt\"", "\"kdf\":\"none\"")]
    [InlineData("\"salt\":\"ab", "\"salt\":\"a")]
    [InlineData("\"iv\":\"83", "\"iv\":\"")]
    [InlineData("{\"crypto\"", "{\"address\":\"0000000000000000000000000000000000000000\",\"crypto\"")]
    [InlineData("{\"crypto\"", "{\"secret\"")]
    [InlineData("{\"crypto\"", "[")]
    public void A_file_that_is_not_one_is_refused(string part, string instead) =>
        Assert.Throws<FormatException>(() => Open(ScryptVector.Replace(part, instead, StringComparison.Ordinal)));

    [Theory]
    [InlineData("\"c\":262144", "\"c\":2000000000")]
    [InlineData("\"c\":262144", "\"c\":0")]
    [InlineData("hmac-sha256", "hmac-sha1")]
    public void Derivations_that_take_too_long_or_are_unknown_are_refused(string part, string instead) =>
        Assert.Throws<FormatException>(() => Open(Pbkdf2.Replace(part, instead, StringComparison.Ordinal)));

    [Theory]
    [InlineData("\"ciphertext\":\"53", "\"ciphertext\":\"54")]
    [InlineData("\"mac\":\"51", "\"mac\":\"52")]
    public void A_damaged_file_is_refused_and_shows_nothing_of_the_key(string part, string instead)
    {
        var refusal = Assert.Throws<CryptographicException>(() => Open(Pbkdf2.Replace(part, instead, StringComparison.Ordinal)));

        Assert.DoesNotContain(Secret[..8], refusal.ToString());
        Assert.DoesNotContain("testpassword", refusal.ToString());
    }

    // RFC 7914 §12.
    [Theory]
    [InlineData("", "", 16, 1, 1, "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906")]
    [InlineData("password", "NaCl", 1024, 8, 16, "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640")]
    [InlineData("pleaseletmein", "SodiumChloride", 16384, 8, 1, "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887")]
    public void Scrypt_gives_what_its_specification_shows(string password, string salt, int cost, int blockSize, int parallel, string expected) =>
        Assert.Equal(expected, Convert.ToHexStringLower(Scrypt.Derive(Encoding.UTF8.GetBytes(password), Encoding.UTF8.GetBytes(salt), cost, blockSize, parallel, 64)));

    private static LocalSigner Open(string json) => Keystore.Open(Encoding.UTF8.GetBytes(json), "testpassword"u8);
}
