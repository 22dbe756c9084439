using System.Text;
using FsCheck;
using FsCheck.Fluent;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Validation;
using HealthChain.Storage.Blobs;
using HealthChain.TestKit;
using Xunit;

namespace HealthChain.Storage.Tests.Blobs;

public class BlobStandInTests
{
    [Fact]
    public void It_survives_being_written() => Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), seed =>
    {
        BlobStandIn standIn = StandIn(seed);
        byte[] text = Text(standIn);
        Assert.True(BlobStandIn.TryRead(text, out BlobStandIn read));
        Assert.Equal(standIn, read);
        Assert.True(BlobStandIn.TryRead([.. text, .. "\" and more"u8], out read));
        Assert.Equal(standIn, read);
    }).Check(RandomCases.Of(100));

    [Fact]
    public void It_is_base64_that_nobody_escapes()
    {
        string text = Encoding.UTF8.GetString(Text(StandIn(1)));
        Assert.Equal(text, Convert.ToBase64String(Convert.FromBase64String(text)));
        Assert.All(text, letter => Assert.True(char.IsAsciiLetterOrDigit(letter)));
    }

    [Fact]
    public void Anything_else_is_not_read()
    {
        byte[] text = Text(StandIn(1));
        Assert.False(BlobStandIn.TryRead(text.AsSpan(0, text.Length - 1), out _));
        for (int at = 0; at < text.Length; at++)
        {
            byte[] altered = [.. text];
            altered[at] = (byte)'!';
            Assert.False(BlobStandIn.TryRead(altered, out _));
        }
    }

    [Fact]
    public void The_blobs_of_a_resource_are_found_wherever_they_stand()
    {
        (BlobStandIn first, BlobStandIn second, BlobStandIn third) = (StandIn(1), StandIn(2), StandIn(3));
        Element resource = Read($$"""
            {
              "resourceType": "DocumentReference",
              "contained": [{ "resourceType": "Binary", "id": "b", "contentType": "a/b", "data": "{{Show(first)}}" }],
              "extension": [{ "url": "http://x.org/e", "valueAttachment": { "data": "{{Show(second)}}" } }],
              "description": "{{Show(StandIn(4))}}",
              "content": [{ "attachment": { "data": "{{Show(third)}}" } }, { "attachment": { "data": "{{Show(first)}}" } }, { "attachment": { "data": "AAAA" } }]
            }
            """);
        Assert.Equal([first.Blob.Address, second.Blob.Address, third.Blob.Address], BlobStandIn.AddressesIn(resource));
        Assert.Equal(BlobStandIn.AddressesIn(resource), new Put(new ResourceKey("DocumentReference", "1"), resource).Blobs);
    }

    [Fact]
    public void Size_and_hash_of_data_that_lies_elsewhere_are_known()
    {
        Element resource = Read($$"""
            { "resourceType": "Media", "content": { "data": "{{Show(StandIn(5))}}" } }
            """);
        DataFacts facts = BlobStandIn.FactsOf(resource.Child("content").Child("data"))!;
        Assert.Equal(StandIn(5).DataBytes, facts.Bytes);
        var hash = new byte[20];
        StandIn(5).DataHash.Write(hash);
        Assert.Equal(hash, facts.Sha1.ToArray());
        Assert.Null(BlobStandIn.FactsOf(Read("""{ "resourceType": "Media", "content": { "data": "AAAA" } }""").Child("content").Child("data")));
    }

    private static BlobStandIn StandIn(int seed)
    {
        var bytes = new byte[BlobReference.EncodedBytes + Sha1Digest.Bytes];
        new Random(seed).NextBytes(bytes);
        BlobForm form = seed % 2 == 0 ? BlobForm.Data : BlobForm.Base64;
        return new BlobStandIn(form, BlobReference.Read(bytes), seed, Sha1Digest.Read(bytes.AsSpan(BlobReference.EncodedBytes)));
    }

    private static byte[] Text(BlobStandIn standIn)
    {
        var text = new byte[BlobStandIn.Length];
        standIn.Write(text);
        return text;
    }

    private static string Show(BlobStandIn standIn) => Encoding.UTF8.GetString(Text(standIn));

    private static Element Read(string json) => FhirJson.Read(Encoding.UTF8.GetBytes(json)).Root;
}
