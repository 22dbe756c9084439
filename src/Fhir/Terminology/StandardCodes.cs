using HealthChain.Fhir.Definitions;

namespace HealthChain.Fhir.Terminology;

/// <summary>
/// The code systems of ISO that R4 binds to without shipping their codes: currencies (ISO 4217, with those R4 listed in 2018 and
/// those added since) and countries (ISO 3166-1). A definition in a loaded package goes before these tables.
/// </summary>
internal static partial class StandardCodes
{
    private const string CountriesUrl = "urn:iso:std:iso:3166";
    private const string CurrenciesUrl = "urn:iso:std:iso:4217";

    private static readonly Lazy<CodeSystem> CountrySystem = new(ReadCountries);
    private static readonly Lazy<CodeSystem> CurrencySystem = new(ReadCurrencies);
    private static readonly Lazy<CodeTable> Alpha2 = new(() => new CodeTable([.. Lines(Countries).Select(line => line[..2])]));

    public static CodeSystem? Find(string url) => url switch
    {
        CountriesUrl => CountrySystem.Value,
        CurrenciesUrl => CurrencySystem.Value,
        _ => null,
    };

    /// <summary>Whether it is a two-letter country code.</summary>
    public static bool IsCountry(ReadOnlySpan<byte> code) => Alpha2.Value.Find(code) >= 0;

    // Each country has three codes in one code system: two letters, three letters, three digits.
    private static CodeSystem ReadCountries()
    {
        string[] lines = Lines(Countries);
        IEnumerable<Concept> Column(Range range) => lines.Select(line => new Concept(line[range], line[11..], null, -1)
        {
            // ISO writes the article behind the name where there is one: Netherlands (the).
            Designations = [new Designation("en", null, line[11..] + " (the)")],
        });
        return new CodeSystem
        {
            Url = CountriesUrl,
            Name = "ISO3166Part1",
            Title = "Countries (ISO 3166-1)",
            Content = CodeSystemContent.Complete,
            Concepts = [.. Column(..2), .. Column(3..6), .. Column(7..10)],
        };
    }

    private static CodeSystem ReadCurrencies() => new()
    {
        Url = CurrenciesUrl,
        Name = "ISO4217",
        Title = "Currencies (ISO 4217)",
        Content = CodeSystemContent.Complete,
        Concepts = [.. Lines(Currencies).Select(line => new Concept(line[..3], line[4..], null, -1))],
    };

    private static string[] Lines(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
