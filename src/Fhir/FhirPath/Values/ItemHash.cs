using System.Text;
using HealthChain.Fhir.Model;

namespace HealthChain.Fhir.FhirPath;

/// <summary>A hash that equal items share (see <see cref="Equality"/>), but for a number and a quantity in the unit 1.</summary>
internal static class ItemHash
{
    public static int Of(in FhirPathValue value)
    {
        var hash = new HashCode();
        if (value.IsElement)
        {
            Add(ref hash, value.Element);
        }
        else
        {
            AddSystem(ref hash, value);
        }

        return hash.ToHashCode();
    }

    private static void Add(ref HashCode hash, Element element)
    {
        FhirPathKind kind = Conversion.SystemKind(FhirPathValue.OfElement(element));
        if (kind == FhirPathKind.String)
        {
            hash.AddBytes(element.Value);
        }
        else if (kind != FhirPathKind.None)
        {
            AddSystem(ref hash, Conversion.ToSystem(FhirPathValue.OfElement(element)));
        }
        else
        {
            AddMembers(ref hash, element);
        }
    }

    // The order of members does not count, so their hashes are summed up.
    private static void AddMembers(ref HashCode hash, Element element)
    {
        int sum = element.Type.Id;
        foreach (Element child in element.Children)
        {
            unchecked
            {
                sum += (child.Schema!.Id * 31) ^ Of(FhirPathValue.OfElement(child));
            }
        }

        hash.Add(sum);
    }

    private static void AddSystem(ref HashCode hash, in FhirPathValue value)
    {
        switch (value.Kind)
        {
            case FhirPathKind.Boolean:
                hash.Add(value.Boolean);
                break;
            case FhirPathKind.String:
                AddText(ref hash, value.String);
                break;
            case FhirPathKind.Integer or FhirPathKind.Long or FhirPathKind.Decimal:
                hash.Add(value.Number);
                break;
            case FhirPathKind.Date or FhirPathKind.DateTime or FhirPathKind.Time:
                hash.Add(value.Temporal.Instant);
                break;
        }

        // Quantities can be equal in other units: they share one hash.
    }

    private static void AddText(ref HashCode hash, string text)
    {
        const int Chunk = 256;
        Span<byte> utf8 = stackalloc byte[Chunk];
        if (text.Length * 3 <= Chunk)
        {
            hash.AddBytes(utf8[..Encoding.UTF8.GetBytes(text, utf8)]);
        }
        else
        {
            hash.AddBytes(Encoding.UTF8.GetBytes(text));
        }
    }
}
