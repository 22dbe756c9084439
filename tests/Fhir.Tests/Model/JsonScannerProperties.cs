using System.Text;
using System.Text.Json;
using HealthChain.Fhir.Model;
using Xunit;

namespace HealthChain.Fhir.Tests.Model;

public class JsonScannerProperties
{
    private const string Seed = """
        {"a":[1,-0.5e+3,"x\n\u00e9\ud83d\ude00",true,false,null,{"b":{}},[]],"c":"long enough to leave the short loop","d":-12E-2}
        """;

    [Fact]
    public void The_scanner_accepts_exactly_what_the_platform_accepts()
    {
        var random = new Random(20_261);
        byte[] seed = Encoding.UTF8.GetBytes(Seed);
        byte[] interesting = "{}[]\":,\\0159-+.eEtfnu \n\u0001/d8"u8.ToArray();
        int accepted = 0;
        for (int round = 0; round < 60_000; round++)
        {
            byte[] text = (byte[])seed.Clone();
            for (int change = random.Next(0, 4); change > 0; change--)
            {
                text[random.Next(text.Length)] = interesting[random.Next(interesting.Length)];
            }

            if (!System.Text.Unicode.Utf8.IsValid(text))
            {
                continue;
            }

            bool expected = PlatformAccepts(text);
            accepted += expected ? 1 : 0;
            Assert.True(expected == ScannerAccepts(text), $"Differs on: {Encoding.UTF8.GetString(text)}");
        }

        Assert.InRange(accepted, 1_000, 59_000);
    }

    private static bool PlatformAccepts(byte[] text)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(text);

            // Parsing leaves escaped surrogates unchecked; resolving every string checks them.
            ResolveStrings(document.RootElement);
            return true;
        }
        catch (Exception failure) when (failure is JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    private static void ResolveStrings(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.String:
                element.GetString();
                break;
            case JsonValueKind.Array:
                foreach (JsonElement item in element.EnumerateArray())
                {
                    ResolveStrings(item);
                }

                break;
            case JsonValueKind.Object:
                foreach (JsonProperty member in element.EnumerateObject())
                {
                    _ = member.Name;
                    ResolveStrings(member.Value);
                }

                break;
        }
    }

    private static bool ScannerAccepts(byte[] text)
    {
        var scanner = new JsonScanner(text, ReadLimits.Default);
        try
        {
            scanner.Peek();
            scanner.SkipValue();
            return scanner.Peek() == 0 && scanner.Position == text.Length;
        }
        catch (FhirException)
        {
            return false;
        }
    }
}
