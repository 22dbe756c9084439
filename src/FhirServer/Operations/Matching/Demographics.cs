using System.Text;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Search;

namespace HealthChain.FhirServer.Operations.Matching;

/// <summary>What of a patient is compared, in the form in which it is compared.</summary>
internal sealed record Demographics
{
    /// <summary>System (null when not given) and value, both as written.</summary>
    public IReadOnlyList<(string? System, string Value)> Identifiers { get; private init; } = [];

    /// <summary>Family names, folded.</summary>
    public IReadOnlyList<string> Families { get; private init; } = [];

    public IReadOnlyList<string> Givens { get; private init; } = [];

    /// <summary>As written: a year, a month or a day.</summary>
    public string? BirthDate { get; private init; }

    public string? Gender { get; private init; }

    public IReadOnlyList<string> PostalCodes { get; private init; } = [];

    public IReadOnlyList<string> Cities { get; private init; } = [];

    public IReadOnlyList<string> Lines { get; private init; } = [];

    /// <summary>The last nine digits of numbers: those before are written in many ways, or not at all.</summary>
    public IReadOnlyList<string> Phones { get; private init; } = [];

    public IReadOnlyList<string> Emails { get; private init; } = [];

    /// <summary>Numbers and addresses as written, for searches.</summary>
    public IReadOnlyList<string> Telecoms { get; private init; } = [];

    public static Demographics Of(Element patient)
    {
        List<Element> names = patient.ChildrenOf("name").ToList();
        List<Element> addresses = patient.ChildrenOf("address").ToList();
        List<Element> telecoms = patient.ChildrenOf("telecom").ToList();
        return new Demographics
        {
            Identifiers = [.. patient.ChildrenOf("identifier").ToList().Where(identifier => Text(identifier, "value") is not null).Select(identifier => (Text(identifier, "system"), Text(identifier, "value")!))],
            Families = Folded(names.Select(name => Text(name, "family"))),
            Givens = Folded(names.SelectMany(name => name.ChildrenOf("given").ToList()).Select(given => given.Text)),
            BirthDate = Text(patient, "birthDate"),
            Gender = Text(patient, "gender"),
            PostalCodes = Folded(addresses.Select(address => Text(address, "postalCode"))),
            Cities = Folded(addresses.Select(address => Text(address, "city"))),
            Lines = Folded(addresses.SelectMany(address => address.ChildrenOf("line").ToList()).Select(line => line.Text)),
            Phones = [.. telecoms.Where(telecom => Text(telecom, "system") is "phone" or "sms" or "fax" or null).Select(telecom => Digits(Text(telecom, "value"))).Where(digits => digits.Length >= 6)],
            Emails = [.. telecoms.Where(telecom => Text(telecom, "system") == "email").Select(telecom => Text(telecom, "value")?.ToLowerInvariant()).OfType<string>()],
            Telecoms = [.. telecoms.Select(telecom => Text(telecom, "value")).OfType<string>()],
        };
    }

    private static string? Text(Element element, string name) => element.Child(name) is { Exists: true } child ? child.Text : null;

    private static string[] Folded(IEnumerable<string?> texts) =>
        [.. texts.OfType<string>().Select(text => Encoding.UTF8.GetString(SearchText.Fold(Encoding.UTF8.GetBytes(text)))).Where(text => text.Length > 0).Distinct()];

    private static string Digits(string? number)
    {
        const int Compared = 9;
        string digits = new([.. (number ?? "").Where(char.IsAsciiDigit)]);
        return digits.Length > Compared ? digits[^Compared..] : digits;
    }
}
