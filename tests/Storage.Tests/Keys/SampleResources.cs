using System.Formats.Tar;
using System.Globalization;
using System.IO.Compression;
using System.Text;
using HealthChain.Fhir.Model;
using HealthChain.TestKit;

namespace HealthChain.Storage.Tests.Keys;

/// <summary>Resources with something in nearly every search parameter: the specification's examples, and some with odd numbers and texts.</summary>
internal static class SampleResources
{
    private const int LargestExample = 20 * 1024;

    private static readonly Lazy<IReadOnlyList<Element>> Loaded = new(() => [.. Examples()]);

    public static IReadOnlyList<Element> FromSpecification => Loaded.Value;

    /// <summary>A few small ones, made anew from each seed.</summary>
    public static IEnumerable<Element> Odd(Random random)
    {
        for (int i = 0; i < 10; i++)
        {
            string comparator = random.Next(5) switch { 0 => "<", 1 => "<=", 2 => ">", 3 => ">=", _ => "" };
            string unit = random.Next(4) switch { 0 => "", 1 => ""","unit":"mg" """, 2 => ""","unit":"mg","code":"mg","system":"http://x.org" """, _ => ""","system":"http://unitsofmeasure.org","code":"mg" """ };
            string name = Word(random, 1 + random.Next(20));
            yield return Read($$"""{"resourceType":"Observation","status":"final","code":{"coding":[{"system":"http://x.org","code":"{{Word(random, 1)}}","display":"{{name}}"}]},"valueQuantity":{"value":{{Number(random)}}{{(comparator.Length == 0 ? "" : $",\"comparator\":\"{comparator}\"")}}{{unit}} } }""");
            yield return Read($$"""{"resourceType":"RiskAssessment","prediction":[{"probabilityDecimal":{{Number(random)}}},{"probabilityRange":{"low":{"value":{{Number(random)}}} } }],"status":"final"}""");
            yield return Read($$"""{"resourceType":"Patient","name":[{"family":"{{name}}","given":["{{Word(random, 13)}}"]}],"birthDate":"{{1990 + random.Next(3)}}","identifier":[{"type":{"coding":[{"system":"http://x.org/t","code":"{{Word(random, 1)}}"}]},"value":"{{Word(random, 1)}}"}],"gender":"male"}""");
            yield return Read($$"""{"resourceType":"Location","name":"{{name}}","position":{"latitude":{{(random.NextDouble() * 4).ToString("F5", CultureInfo.InvariantCulture)}},"longitude":{{(random.NextDouble() * 4).ToString(random.Next(2) == 0 ? "F3" : "F18", CultureInfo.InvariantCulture)}} } }""");
            string path = string.Join('/', Enumerable.Repeat("s", random.Next(40)));
            yield return Read($$"""{"resourceType":"ValueSet","status":"draft","url":"http://x.org/{{path}}{{(random.Next(2) == 0 ? "/" : "")}}","version":"{{Word(random, 1)}}"}""");
            yield return Read($$"""{"resourceType":"Encounter","status":"planned","class":{"code":"AMB"},"subject":{"reference":"{{(random.Next(2) == 0 ? "Patient/" : "http://y.org/Group/")}}{{Word(random, 1)}}{{(random.Next(2) == 0 ? "/_history/" + random.Next(3) : "")}}"},"period":{"{{(random.Next(2) == 0 ? "start" : "end")}}":"2024-0{{1 + random.Next(3)}}"} }""");
        }
    }

    /// <summary>A decimal in text, often so long that keys cannot hold all of its digits.</summary>
    public static string Number(Random random)
    {
        string digits = random.Next(3) switch
        {
            0 => random.Next(6).ToString(CultureInfo.InvariantCulture),
            1 => "1." + string.Concat(Enumerable.Repeat('0', random.Next(26))) + random.Next(3),
            _ => random.Next(1000) + "." + random.Next(10),
        };
        return (random.Next(4) == 0 ? "-" : "") + digits;
    }

    private static string Word(Random random, int letters) =>
        string.Concat(Enumerable.Range(0, letters).Select(_ => "aAbéß漢"[random.Next(6)]));

    private static Element Read(string json) => FhirJson.Read(Encoding.UTF8.GetBytes(json)).Root;

    private static IEnumerable<Element> Examples()
    {
        string archive = Directory.GetFiles(Repository.PathOf("artifacts/npm"), "hl7.fhir.r4.examples-*.tgz").Single();
        using var tar = new TarReader(new GZipStream(File.OpenRead(archive), CompressionMode.Decompress));
        while (tar.GetNextEntry() is { } entry)
        {
            if (entry.DataStream is { Length: <= LargestExample } data && entry.Name.EndsWith(".json", StringComparison.Ordinal))
            {
                byte[] body = new byte[data.Length];
                data.ReadExactly(body);
                if (FhirJson.Read(body) is { IsOk: true } read)
                {
                    yield return read.Root;
                }
            }
        }
    }
}
